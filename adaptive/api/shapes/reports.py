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


class AgreementShape(serializers.Serializer):
    n_marked = serializers.IntegerField(help_text="Answers that the AI assessed and a teacher marked.")
    n_agreed = serializers.IntegerField()
    agreement = ShareField(allow_null=True)
    n_contradictory = serializers.IntegerField(help_text="The same words, marked in two ways.")
    threshold = ShareField(allow_null=True, help_text="Confidence from which a mark counts alone; null: never.")
    source = serializers.CharField(help_text="`own` marks, the `parent` (course or shipped figures), or the `limit`.")
    n_released = serializers.IntegerField(help_text="Marked answers at or above the threshold.")
    n_wrong_released = serializers.IntegerField()
    error_released = ShareField(allow_null=True)
    error_upper_bound = ShareField(help_text="Of the error among released marks, 90 % certain (Clopper-Pearson).")


class ExerciseAgreementShape(AgreementShape):
    resource = serializers.CharField()
    title = serializers.CharField()


class MarkingShape(serializers.Serializer):
    error_limit = ShareField(help_text="The largest share of wrong marks among those released without a person.")
    model = serializers.CharField(allow_blank=True)
    measured_at = serializers.DateTimeField(allow_null=True)
    course = AgreementShape(allow_null=True)
    exercises = ExerciseAgreementShape(many=True)


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
    marking = MarkingShape()
