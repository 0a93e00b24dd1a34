from rest_framework import serializers

from adaptive.api.shapes.fields import ExternalId, ShareField


class CourseQuery(serializers.Serializer):
    course = ExternalId()


class SkillMasteryShape(serializers.Serializer):
    skill = serializers.CharField()
    p_mastery = ShareField()
    n_attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    retrievability = ShareField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)


class PredictionsBody(serializers.Serializer):
    course = ExternalId()
    resources = serializers.ListField(child=ExternalId(), min_length=1, max_length=1000)


class PredictionShape(serializers.Serializer):
    resource = serializers.CharField()
    p_correct = ShareField()
