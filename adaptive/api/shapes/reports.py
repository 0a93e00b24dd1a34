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
