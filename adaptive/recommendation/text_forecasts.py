"""What the language model expects of a resource from its words alone: would somebody succeed, like it, need it next?

For resources that nobody has answered and learners of whom nothing is known. The model is not asked to write: it tells
how likely it would say yes and no, for a learner at each of three standings, so that three times three numbers a
resource serve every learner, and nothing about a learner is ever given to it. A page asks no model: a worker makes the
numbers, and only in courses where they were found to be of use (see text_weights).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Q

from adaptive.assessment.words.prompts import load_prompt
from adaptive.backends.llm.base import LanguageModel
from adaptive.catalog.models import Course, Resource
from adaptive.recommendation.models import RecommenderVersion, TextForecast

PROMPT = "next_v1"
QUESTIONS = {
    "succeeds": "tries it. Will the student get it right?",
    "likes": "gets it offered. Will the student like it?",
    "needs": "gets it offered. Is it what the student needs next?",
}
# p_mastery of the main skill -> how it is put
STANDINGS = (
    (0.25, "who has just begun with this topic"),
    (0.6, "who has understood part of this topic"),
    (0.9, "who knows this topic well"),
)
YES_NO = [" Yes", " No"]
MAX_BODY = 1200
MAX_LOGIT = 12.0
ROUND = 48


@dataclass(frozen=True, slots=True)
class Texts:
    title: str
    body: str
    skills: str


def forecast_of(texts: Texts, *, llm: LanguageModel) -> dict[str, list[float]]:
    """Question -> log-odds of yes against no, one a standing, in their order. Raises ModelUnavailable."""
    prompt = load_prompt(PROMPT)
    prefix = prompt.prefix(title=texts.title, body=texts.body[:MAX_BODY], skills=texts.skills or "this course")
    asked = [
        prompt.text(standing=words, question=question) for question in QUESTIONS.values() for _, words in STANDINGS
    ]
    with llm.for_purpose("recommend"):
        said = llm.score_labels(prefix, asked, YES_NO)
    odds = [max(-MAX_LOGIT, min(MAX_LOGIT, yes - no)) for yes, no in said]
    n = len(STANDINGS)
    return {name: [round(x, 4) for x in odds[k * n : (k + 1) * n]] for k, name in enumerate(QUESTIONS)}


def at_standing(values: Sequence[float], p_mastery: float) -> float:
    """The value for a learner of this p_mastery: straight lines between the standings, level beyond them."""
    points = [point for point, _ in STANDINGS]
    if p_mastery <= points[0]:
        return values[0]
    for k in range(1, len(points)):
        if p_mastery <= points[k]:
            share = (p_mastery - points[k - 1]) / (points[k] - points[k - 1])
            return values[k - 1] + share * (values[k] - values[k - 1])
    return values[-1]


def waiting_in(course: Course, *, llm: LanguageModel):
    """Resources without a forecast of their present words by this model and prompt."""
    fresh = Q(
        text_forecast__content_hash=F("content_hash"),
        text_forecast__model=model_tag(llm),
        text_forecast__prompt=load_prompt(PROMPT).version,
    )
    return Resource.objects.filter(course=course, is_retired=False, is_ai_enabled=True).exclude(fresh)


def forecasts_make(resources: Sequence[Resource], *, llm: LanguageModel) -> int:
    """Makes and keeps the forecasts. Each is kept once it is there, so that whoever is stopped loses one at most."""
    llm.load()
    for resource in resources:
        skills = ", ".join(link.skill.name for link in resource.skill_links.select_related("skill")[:3])
        values = forecast_of(Texts(resource.title, resource.body, skills), llm=llm)
        kept = {
            "values": values,
            "model": model_tag(llm),
            "prompt": load_prompt(PROMPT).version,
            "content_hash": resource.content_hash,
        }
        TextForecast.objects.update_or_create(resource=resource, defaults=kept)
    return len(resources)


def model_tag(llm: LanguageModel) -> str:
    return f"{llm.name}@{llm.version}"[:200]


def forecasts_sweep(*, llm: LanguageModel, limit: int = ROUND) -> int:
    """A round of what is missing in the courses whose recommender in use listens to it. Returns how many were made."""
    if not llm.is_available():
        return 0
    versions = RecommenderVersion.objects.filter(is_active=True, course__is_ai_enabled=True).select_related("course")
    courses = [version.course for version in versions if any(row["weight"] > 0 for row in version.words.values())]
    if not courses:
        return 0
    llm.load()  # its version is known only then
    n_done = 0
    for course in courses:
        rows = list(waiting_in(course, llm=llm).defer("embedding", "search").order_by("pk")[: limit - n_done])
        n_done += forecasts_make(rows, llm=llm)
        if n_done >= limit:
            break
    return n_done
