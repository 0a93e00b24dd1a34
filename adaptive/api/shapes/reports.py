from rest_framework import serializers

from adaptive.api.shapes.fields import ShareField


class WaitingShape(serializers.Serializer):
    queued = serializers.IntegerField()
    needs_review = serializers.IntegerField()


class SkillStandingShape(serializers.Serializer):
    skill = serializers.CharField()
    name = serializers.CharField()
    mean_p_mastery = ShareField(allow_null=True, help_text="Of those who have met it.")
    not_started = serializers.IntegerField()
    started = serializers.IntegerField()
    needs_help = serializers.IntegerField()
    mastered = serializers.IntegerField()


class LearnerStandingShape(serializers.Serializer):
    learner = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    cohort = serializers.CharField(allow_null=True)
    n_attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    n_skills_mastered = serializers.IntegerField()
    n_skills_needing_help = serializers.IntegerField()


class ExerciseStandingShape(serializers.Serializer):
    resource = serializers.CharField()
    title = serializers.CharField()
    n_attempts = serializers.IntegerField()
    mean_score = ShareField()


class HeldOutShape(serializers.Serializer):
    auc = serializers.FloatField()
    log_loss = serializers.FloatField()
    rmse = serializers.FloatField()
    ece = serializers.FloatField(help_text="Expected calibration error, 15 bins.")
    n = serializers.IntegerField(help_text="Answers of learners who were not fitted on.")


class LearnerModelShape(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="0: the defaults that ship, not fitted to this course.")
    fitted_at = serializers.DateTimeField(allow_null=True)
    n_attempts = serializers.IntegerField(allow_null=True, help_text="That it was fitted on.")
    n_learners = serializers.IntegerField(allow_null=True)
    held_out = HeldOutShape(allow_null=True)
    n_states_to_follow = serializers.IntegerField(
        help_text="Learners whose state an earlier model wrote; it is read by that one until their turn has come."
    )


class ReportShape(serializers.Serializer):
    course = serializers.CharField()
    at = serializers.DateTimeField()
    n_learners = serializers.IntegerField()
    n_attempts = serializers.IntegerField()
    n_attempts_last_7_days = serializers.IntegerField()
    waiting = WaitingShape()
    skills = SkillStandingShape(many=True)
    learners = LearnerStandingShape(many=True)
    hardest_exercises = ExerciseStandingShape(many=True)
    learner_model = LearnerModelShape()
