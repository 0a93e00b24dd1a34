"""The rules that choose the next exercise of every learner, ours and those to compare with."""

from .available import POLICIES, make_policy

__all__ = ["POLICIES", "make_policy"]
