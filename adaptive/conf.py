"""The plugin's settings: `settings.ADAPTIVE`, with defaults, checked once.

A bad value stops the start with one sentence that says what to change.
"""

from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True)
class AdaptiveSettings:
    """One installation's choices. Keys of `settings.ADAPTIVE` are these names in capitals."""

    data_dir: Path = Path(".data")
    model_dir: Path = Path(".data/models")
    ai_enabled: bool = True
    llm: str = "adaptive.backends.llm.transformers_local.TransformersModel"
    llm_options: dict[str, Any] = field(default_factory=dict)
    embedding: str = "adaptive.backends.embedding.sentence_encoder.SentenceEncoder"
    embedding_options: dict[str, Any] = field(default_factory=dict)
    # The fine-tuned cross-encoder that marks answers in words; "" leaves that to the language model's likelihoods.
    marker: str = "adaptive.backends.cross_encoder.marker.Marker"
    marker_options: dict[str, Any] = field(default_factory=dict)
    # Where nothing has been fitted, this one's shipped defaults are in use; a fit makes one of the second kind.
    learner_model: str = "adaptive.backends.learner_model.pfa.PfaForgetting"
    learner_model_to_fit: str = "adaptive.backends.learner_model.blend.Blend"
    # Below this confidence an assessment of words always goes to a teacher; above it, where agreement with teachers
    # as measured allows it (see docs/trust-gate.md).
    release_confidence: float = 0.75
    # The largest share of wrong marks among those released without a person; 1 switches the measured gate off.
    release_error_limit: float = 0.05
    # Share of the released marks, drawn by chance, that a teacher is shown all the same.
    audit_share: float = 0.05
    # The success window worth practising in, on p_correct: our operational reading of the zone of proximal
    # development.
    zpd_low: float = 0.55
    zpd_high: float = 0.90
    # Share of picks drawn at random from the good candidates, so that the policy can be judged later.
    exploration: float = 0.05
    # May a course learn by itself, every time its answers have grown by half? See practice/relearning.py.
    learns_by_itself: bool = True
    # May the language model reword explanations? Off for the small default model: see docs.
    reword_explanations: bool = False
    max_tries: int = 4
    lease_seconds: int = 60
    max_answer_characters: int = 20_000
    requests_per_minute: int = 6000

    def __post_init__(self) -> None:
        for name in (
            "release_confidence",
            "release_error_limit",
            "audit_share",
            "zpd_low",
            "zpd_high",
            "exploration",
        ):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ImproperlyConfigured(f"ADAPTIVE[{name.upper()!r}] is {value!r}; set it to a number from 0 to 1.")
        if self.zpd_low >= self.zpd_high:
            raise ImproperlyConfigured(
                f"ADAPTIVE['ZPD_LOW'] ({self.zpd_low}) must be below ADAPTIVE['ZPD_HIGH'] ({self.zpd_high})."
            )
        for name in ("llm", "embedding", "learner_model", "learner_model_to_fit"):
            if "." not in getattr(self, name):
                raise ImproperlyConfigured(
                    f"ADAPTIVE[{name.upper()!r}] is {getattr(self, name)!r}; give the dotted path of a backend class."
                )


@lru_cache(maxsize=1)
def settings() -> AdaptiveSettings:
    """The settings in force. Raises ImproperlyConfigured for an unknown key or a bad value."""
    given = getattr(django_settings, "ADAPTIVE", {})
    known = {f.name.upper(): f.name for f in fields(AdaptiveSettings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ImproperlyConfigured(f"ADAPTIVE[{unknown[0]!r}] is not a setting; known are {', '.join(sorted(known))}.")
    return AdaptiveSettings(**{known[key]: value for key, value in given.items()})


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "ADAPTIVE":
        settings.cache_clear()


setting_changed.connect(_forget)
