from rest_framework import serializers


class FaultShape(serializers.Serializer):
    pointer = serializers.CharField(help_text="JSON pointer into the body, such as `/answer/tolerance`.")
    detail = serializers.CharField()


class ProblemShape(serializers.Serializer):
    """Every error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FaultShape(many=True, required=False)
    request_id = serializers.CharField(required=False)
