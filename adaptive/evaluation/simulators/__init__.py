"""Simulated learners whose truth is known. Pure numpy; not one line is shared with the learner model."""

from .worlds import WORLDS, make_world

__all__ = ["WORLDS", "make_world"]
