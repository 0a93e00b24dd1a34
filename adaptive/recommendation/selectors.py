import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from adaptive.catalog.models import Course, Resource, Skill
from adaptive.common.errors import NotFound
from adaptive.recommendation.deciding import from_receipt
from adaptive.recommendation.models import Impression, Slate
from adaptive.recommendation.types import Candidate, Context
from adaptive.recommendation.wish_words import label_of, words_label
from adaptive.recommendation.wishes.types import NOT_SKILLS, SKILLS, WORDS, Wish
from adaptive.tenants.models import Tenant


def _with_items(slates: QuerySet[Slate]) -> QuerySet[Slate]:
    resources = Resource.objects.defer("embedding", "search", "body")
    return slates.select_related("learner", "course", "experiment").prefetch_related(
        Prefetch("impressions", queryset=Impression.objects.select_related("explanation").order_by("position")),
        Prefetch("impressions__resource", queryset=resources),
    )


def known_keep(slate: Slate, impressions: Sequence[Impression]) -> None:
    """Lets `slate.impressions.all()` give these instead of reading them, as after a prefetch."""
    known = slate.impressions.all()
    known._result_cache, known._prefetch_done = list(impressions), True
    slate._prefetched_objects_cache = {"impressions": known}


def slate_get(*, tenant: Tenant, slate_id: uuid.UUID | str) -> Slate:
    """The slate with its impressions, resources and explanations, three queries. Raises NotFound."""
    try:
        key = slate_id if isinstance(slate_id, uuid.UUID) else uuid.UUID(str(slate_id))
    except ValueError:
        key = None
    found = _with_items(Slate.objects.filter(tenant=tenant, pk=key)).first() if key else None
    if found is None:
        raise NotFound(f"There is no recommendation “{str(slate_id)[:40]}”.")
    return found


def slates_of_course(*, course: Course, limit: int = 50) -> QuerySet[Slate]:
    """The latest slates of the course with their items, for review; the large receipt columns left out."""
    slates = Slate.objects.filter(course=course).defer("context", "candidates").order_by("-created_at", "-pk")
    return _with_items(slates)[:limit]


def receipt_of(*, slate: Slate) -> tuple[Context, tuple[Candidate, ...]]:
    """What the slate was decided from; `deciding.decide` makes the same slate of it again."""
    return from_receipt(slate.context, slate.candidates)


@dataclass(frozen=True, slots=True)
class Understood:
    """One thing that was understood of a request in words, as it is shown back.

    `value`: as in wishes.types.Constraint, skills by their external ids. `words`: those of the request it came from.
    `is_in_force`: False once taken back. `is_missed`: of the rest of the words, where nothing in the course fits them,
    so that what is recommended keeps the constraints alone. `n_without`: of an empty slate, how many resources (20
    stands for more) there would be if it alone were taken back; None where that was not counted.
    """

    code: str
    value: Any
    label: str
    words: str
    is_in_force: bool
    is_missed: bool = False
    n_without: int | None = None


def understood_of(*, slate: Slate) -> list[Understood]:
    """What was understood of the slate's request, in the language that is active; none where none was made. One query
    where skills were named."""
    if not slate.context.get("wish"):
        return []
    wish = Wish.from_json(slate.context["wish"])
    offers = {offer["without"]: offer["n"] for offer in slate.context.get("offers", ())}
    named = [pk for c in wish.constraints if c.code in (SKILLS, NOT_SKILLS) for pk in c.value]
    external = dict(Skill.objects.filter(pk__in=named).values_list("pk", "external_id")) if named else {}
    rows = []
    for c in wish.constraints:
        value = list(c.value) if isinstance(c.value, tuple) else c.value
        if c.code in (SKILLS, NOT_SKILLS):
            value = [external[pk] for pk in value if pk in external]
        n_without = offers.get(c.code)
        rows.append(Understood(c.code, value, label_of(c), c.words, not c.is_dropped, n_without=n_without))
    if wish.meaning and not wish.is_topic_only:
        rows.append(
            Understood(
                WORDS,
                wish.meaning,
                words_label(wish),
                wish.meaning,
                is_in_force=not wish.is_meaning_dropped,
                is_missed=wish.is_meaning_missed,
                n_without=offers.get(WORDS),
            )
        )
    return rows


def candidate_row(*, slate: Slate, resource_id: int) -> Mapping[str, Any] | None:
    """The receipt's row of a resource: features, score, or why it was dropped; None where it was never found."""
    return next((row for row in slate.candidates if row["resource"] == resource_id), None)
