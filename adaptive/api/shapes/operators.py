from rest_framework import serializers

from adaptive.api.shapes.fields import ObjectField


class HealthShape(serializers.Serializer):
    status = serializers.CharField(help_text="`ok`")


class PartShape(serializers.Serializer):
    ok = serializers.BooleanField()
    detail = serializers.CharField(required=False)


class ReadyShape(serializers.Serializer):
    status = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])
    database = PartShape()
    broker = PartShape()
    worker = PartShape()
    models = PartShape()


class DocumentShape(serializers.Serializer):
    openapi = serializers.CharField()
    info = ObjectField()
    paths = ObjectField()
    components = ObjectField()
