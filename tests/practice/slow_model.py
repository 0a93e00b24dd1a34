"""Learner models that misbehave while they are fitted."""

import os
import time

from adaptive.backends.learner_model.pfa import PfaForgetting


class SlowModel(PfaForgetting):
    """Takes its time, says so, and prints what nobody asked for."""

    name = "slow"

    @classmethod
    def fit(cls, histories, seed, *, on_progress=None):
        print("a library greets you")
        on_progress("slowly")
        time.sleep(float(os.environ.get("SLOW_MODEL_SECONDS", "120")))
        return super().fit(histories, seed, on_progress=on_progress)


class BrokenModel(PfaForgetting):
    name = "broken"

    @classmethod
    def fit(cls, histories, seed, *, on_progress=None):
        raise RuntimeError("the gradients are gone")
