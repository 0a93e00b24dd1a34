"""An assessment of performance as it is read now: the same facts, worded again for who reads another language."""

from django.utils.translation import get_language

from adaptive.learners.languages import is_english
from adaptive.performance.models import PerformanceAssessment
from adaptive.performance.words import Words, words_of


def is_as_written(assessment: PerformanceAssessment) -> bool:
    """Was it written in the language that is active?"""
    written = assessment.versions.get("language", "")
    return not written or written == (get_language() or written)


def words_now(assessment: PerformanceAssessment) -> Words:
    """The plain words of its facts in the active language. No query."""
    return words_of(assessment.facts, period=assessment.period, is_english=is_english(get_language() or "en"))
