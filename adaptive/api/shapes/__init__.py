"""The shapes that go in and out, one file a noun: serializers that check the bodies and make the OpenAPI document.

They know shapes only; what a value means is the services' business.
"""
