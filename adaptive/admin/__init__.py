"""The operators' pages."""

from adaptive.admin import learner_models, tables

__all__ = ["learner_models", "tables"]
