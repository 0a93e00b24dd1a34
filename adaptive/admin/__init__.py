"""The operators' pages."""

from adaptive.admin import difficulties, learner_models, tables

__all__ = ["difficulties", "learner_models", "tables"]
