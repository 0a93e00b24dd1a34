"""The operators' pages."""

from adaptive.admin import assessors, difficulties, learner_models, tables

__all__ = ["assessors", "difficulties", "learner_models", "tables"]
