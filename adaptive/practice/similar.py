"""A worked example of a problem like the one at hand: the rung of the hint ladder before the answer itself.

Near in meaning (pgvector) among what the course has on the same skill: worked examples first, then exercises that the
learner has solved, then others with their solution. Never the exercise itself, never one that holds its answer.
"""

from dataclasses import dataclass

from adaptive.catalog.models import Resource, ResourceSkill
from adaptive.conversation.answers import Keys, held_answers, key_of
from adaptive.conversation.search import solved
from adaptive.learners.models import Learner
from adaptive.recommendation.retrieval.vector_search import Probe, nearest

LOOKED_AT = 24
KINDS = [Resource.Kind.WORKED_EXAMPLE, Resource.Kind.EXERCISE]
_OF_SKILL = """
    AND (r.kind = 'worked_example' OR r.explanation <> '')
    AND EXISTS (SELECT 1 FROM adaptive_resourceskill l
        WHERE l.resource_id = r.id AND l.skill_id = %(skill)s AND l.position = 0)
"""


@dataclass(frozen=True, slots=True)
class Similar:
    """`is_solved`: the learner has answered it right before, so that its solution tells nothing new about it."""

    resource: Resource
    is_solved: bool = False


def similar_problem(*, learner: Learner, exercise: Resource) -> Similar | None:
    """The nearest problem that gives nothing of this one away; None where the course has none. At most eight queries,
    however much it has."""
    skill = ResourceSkill.objects.filter(resource=exercise, position=0).values_list("skill_id", flat=True).first()
    if skill is None:
        return None
    ids = _near(exercise, skill)
    rows = Resource.objects.filter(pk__in=ids).defer("embedding", "search").in_bulk()
    known = solved(learner=learner, course=exercise.course) if ids else set()
    keys = Keys.of([_key(exercise)])

    def rank(pk: int) -> int:
        return 0 if not rows[pk].is_exercise else 1 if pk in known else 2

    for pk in sorted((pk for pk in ids if pk in rows), key=rank):  # stable: the nearest first among equals
        if not held_answers(whole_text(rows[pk]), keys, in_focus=[exercise.pk]):
            return Similar(rows[pk], pk in known)
    return None


def _near(exercise: Resource, skill: int) -> list[int]:
    vector, model = Resource.objects.values_list("embedding", "embedding_model").get(pk=exercise.pk)
    if vector is not None:
        (found,) = nearest(
            probes=[Probe(vector, model)],
            course_id=exercise.course_id,
            kinds=KINDS,
            limit=LOOKED_AT,
            exclude=[exercise.pk],
            where=_OF_SKILL,
            values={"skill": skill},
        )
        if found:
            return [pk for pk, _similarity in found]
    # Not embedded yet: what the author wrote about the skill, in their order.
    links = ResourceSkill.objects.filter(skill=skill, position=0, resource__kind__in=KINDS, resource__is_retired=False)
    links = links.exclude(resource=exercise.pk).exclude(resource__kind=Resource.Kind.EXERCISE, resource__explanation="")
    return list(links.order_by("resource_id").values_list("resource_id", flat=True)[:LOOKED_AT])


def _key(exercise: Resource):
    return key_of(
        exercise=exercise.pk,
        response_format=exercise.response_format,
        body=exercise.body,
        answer=exercise.answer,
        choices=exercise.choices,
        hints=exercise.hints,
        explanation=exercise.explanation,
        rubric=exercise.rubric,
    )


def whole_text(resource: Resource) -> str:
    """All that a learner reads where this is shown as a worked example: its question, its answer, and why."""
    answer = resource.answer
    texts = {str(one.get("id")): str(one.get("text", "")) for one in resource.choices}
    picked = [answer.get("choice"), *answer.get("choices", ()), *answer.get("order", ())]
    right = [texts.get(str(one), "") for one in picked if one is not None]
    right += [f"{texts.get(a, '')} {texts.get(str(b), '')}" for a, b in answer.get("pairs", {}).items()]
    right += [str(gap[0]) for gap in answer.get("gaps", ()) if gap]
    right += [str(one) for one in (answer.get("value"), *answer.get("values", ())) if one is not None]
    right += [str(one) for one in answer.get("references", ())[:1]]
    return "\n\n".join([resource.title, resource.body, *right, resource.explanation])
