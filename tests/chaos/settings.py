"""The host project's settings with a stand-in for the language model: the drill is about delivery."""

from lms_project.settings import *  # noqa: F403
from lms_project.settings import ADAPTIVE

ADAPTIVE = {
    **ADAPTIVE,
    "LLM": "tests.chaos.stand_in.StandIn",
    "LLM_OPTIONS": {},
    "MARKER": "",
    "EMBEDDING": "adaptive.backends.embedding.hashing.HashingEncoder",
    "EMBEDDING_OPTIONS": {},
    # So that most assessments take effect and a doubled one would show in the state.
    "RELEASE_CONFIDENCE": 0.0,
    "RELEASE_ERROR_LIMIT": 1.0,
}
