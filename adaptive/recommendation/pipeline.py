"""The stages from a learner's situation to a slate: situation, retrieval, loading, filtering, ranking, re-ranking.

Retrieval and loading read the database; the rest is pure (see deciding). What each stage did is kept for the slate.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adaptive.backends.learner_model.practice_effects import PracticeEffects
from adaptive.catalog.models import Course, Resource
from adaptive.learners.models import Learner
from adaptive.learners.preferences import stated_of
from adaptive.recommendation.deciding import decide
from adaptive.recommendation.effects import recommender_of
from adaptive.recommendation.emptiness import why_empty
from adaptive.recommendation.exposure import with_exposure
from adaptive.recommendation.filtering import why_tried
from adaptive.recommendation.loading import candidates_load
from adaptive.recommendation.retrieval import GENERATORS, QUERY_SHARES, SHARES, STAND_IN, query_words
from adaptive.recommendation.retrieval.base import Found, Request
from adaptive.recommendation.rulings import with_pins, with_rulings
from adaptive.recommendation.situation import Situation, situation_of
from adaptive.recommendation.skills import ancestors_of, is_due, is_mastered
from adaptive.recommendation.text_blending import with_forecasts
from adaptive.recommendation.types import Candidate, Context, Decision
from adaptive.recommendation.wish_words import COUNTED, Offer, unmet

ALL_KINDS = tuple(Resource.Kind.values)
COLD_BELOW = 5  # attempts in the course below which popularity helps out
NOTHING_DUE = "nothing_due"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the pipeline hands to the service that stores it."""

    context: Context
    candidates: tuple[Candidate, ...]
    external_ids: Mapping[int, str]  # of the candidates
    decision: Decision
    learner_model: str
    stages: list[dict[str, Any]]
    why_empty: str
    offers: tuple[Offer, ...] = ()


def run(
    *,
    learner: Learner,
    course: Course,
    base: Context,
    at: datetime,
    query_vector: Sequence[float] | None = None,
    embedding_model: str = "",
    before: Sequence[dict[str, Any]] = (),
) -> Outcome:
    """`base`: the context as far as the request and the settings determine it. `before`: stages already done."""
    stages: list[dict[str, Any]] = list(before)
    in_use = recommender_of(course=course)
    situation = situation_of(learner=learner, course=course, at=at, policy=base.policy, effects=in_use.effects)
    is_observed = stated_of(learner.preferences).is_observed
    context = _with_situation(base, situation, in_use.effects, is_observed=is_observed)
    context = with_rulings(context, learner_id=learner.pk, course_id=course.pk, at=at)
    stages.append({"name": "situation", "n_skills": len(context.skills), "n_attempts": situation.n_attempts})

    excluded, resting = _left_out(context)
    request = Request(
        context=context,
        learner_id=learner.pk,
        course_id=course.pk,
        language=course.language,
        at=at,
        kinds=context.kinds or ALL_KINDS,
        limit=0,
        exclude=excluded,
        resting=tuple(sorted(set(resting) - set(excluded))),
        missed=situation.missed,
        query_vector=query_vector,
        embedding_model=embedding_model,
    )
    found, counts = retrieve(request)
    if not found and _misses_words(request):
        # What is left of the words fits nothing, so that they are not looked for: said, not hidden (see understood_of).
        context = replace(context, wish=replace(context.wish, is_meaning_missed=True))
        request = replace(request, context=context)
        found, counts = retrieve(request)
    stages.append({"name": "retrieval", "found": counts, "n": len(found), "n_left_out": len(request.new_only)})

    loaded = candidates_load(belief=situation.belief, at=at, found=with_pins(context, found))
    candidates = with_forecasts(loaded.candidates, context, in_use.words)
    context = with_exposure(_trimmed(context, candidates), course_id=course.pk, at=at)
    decision = decide(context, candidates)
    stages.append({"name": "filtering", "dropped": dict(Counter(decision.dropped.values()))})
    stages.append({"name": "ranking", "n": len(decision.scored), "policy": context.policy.name})
    n_explored = sum(pick.is_exploration for pick in decision.picks)
    stages.append({"name": "reranking", "n_picked": len(decision.picks), "n_explored": n_explored})

    sentence, offers = ("", ()) if decision.picks else _why(course, request, situation, decision)
    tag = situation.belief.in_use.tag
    return Outcome(context, candidates, loaded.external_ids, decision, tag, stages, sentence, offers)


def _with_situation(
    base: Context, situation: Situation, effects: PracticeEffects, *, is_observed: bool = True
) -> Context:
    leans = {one.facet: one.lean for one in situation.leans} if is_observed else {}
    context = replace(
        base,
        n_attempts=situation.n_attempts,
        skills=situation.skills,
        tried=situation.tried,
        set_aside=situation.set_aside,
        stated=situation.stated,
        rested=situation.rested,
        preferences=replace(base.preferences, leans=leans),
        effects=effects,
    )
    if base.purpose == "review" and not any(is_due(context, skill) for skill in context.skills.values()):
        return replace(context, purpose="practice", fallback=NOTHING_DUE)
    return context


def _left_out(context: Context) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the filter would drop anyway, so that generators spend their share on the rest: (always, unless due)."""
    codes_due = {i: why_tried(context.policy, tried, is_due=True) for i, tried in context.tried.items()}
    codes_else = {i: why_tried(context.policy, tried, is_due=False) for i, tried in context.tried.items()}
    always = {i for i, code in codes_due.items() if code} | set(context.set_aside) | set(context.ruled_out)
    return tuple(sorted(always)), tuple(sorted(i for i, code in codes_else.items() if code))


def retrieve(request: Request) -> tuple[dict[int, dict[str, dict[str, Any]]], dict[str, int]]:
    """Asks the purpose's generators. Returns resource id -> generator -> facts, and how many each one brought."""
    context = request.context
    shares = dict(QUERY_SHARES if context.query else SHARES[context.purpose])
    if not context.query and context.n_attempts < COLD_BELOW:
        shares |= {name: share for name, share in STAND_IN.items() if name not in shares}
    by_generator = {g.NAME: g.find(replace(request, limit=shares[g.NAME])) for g in GENERATORS if g.NAME in shares}
    merged = _merge(by_generator, context.policy.max_candidates)
    if not context.query and len(merged) < context.count:
        for generator in GENERATORS:
            if generator.NAME in STAND_IN and generator.NAME not in by_generator:
                by_generator[generator.NAME] = generator.find(replace(request, limit=STAND_IN[generator.NAME]))
        merged = _merge(by_generator, context.policy.max_candidates)
    return merged, {name: len(rows) for name, rows in by_generator.items()}


def _merge(by_generator: dict[str, list[Found]], most: int) -> dict[int, dict[str, dict[str, Any]]]:
    """One row a resource, taken from the generators in turn so that none crowds out the others."""
    facts: dict[int, dict[str, dict[str, Any]]] = {}
    longest = max((len(rows) for rows in by_generator.values()), default=0)
    for place in range(longest):
        for rows in by_generator.values():
            if place < len(rows) and len(facts) < most:
                facts.setdefault(rows[place].resource_id, {})
    for name, rows in by_generator.items():
        for row in rows:
            if row.resource_id in facts:
                facts[row.resource_id][name] = row.facts
    return facts


def _trimmed(context: Context, candidates: Sequence[Candidate]) -> Context:
    """Only what the candidates touch, so that the receipt stays small and is still all that decides."""
    ids = {candidate.id for candidate in candidates}
    touched = ancestors_of(context, {skill for candidate in candidates for skill in candidate.skills})
    return replace(
        context,
        skills={key: skill for key, skill in context.skills.items() if key in touched},
        tried={key: row for key, row in context.tried.items() if key in ids},
        set_aside={key: code for key, code in context.set_aside.items() if key in ids},
        stated={key: value for key, value in context.stated.items() if key in touched},
        rested=context.rested & touched,
        pins={key: pin for key, pin in context.pins.items() if key in ids},
        ruled_out={key: code for key, code in context.ruled_out.items() if key in ids},
        effects=context.effects.only(touched),
        goal={key: weight for key, weight in context.goal.items() if key in touched},
    )


def _why(course: Course, request: Request, situation: Situation, decision: Decision) -> tuple[str, tuple[Offer, ...]]:
    """(why there is nothing, what taking one part of the request back would bring)."""
    context = request.context
    if context.query and context.wish and context.wish.in_force and not decision.dropped:
        resting = _fitting(request)
        if not resting:
            offers = _offers(request)
            return unmet(context.wish, offers), offers
        request = replace(
            request,
            exclude=tuple(i for i in request.exclude if i in resting),
            resting=tuple(i for i in request.resting if i in resting),
        )
    has_resources = Resource.objects.filter(course=course, is_retired=False, kind__in=request.kinds).exists()
    has_open_skill = not situation.skills or any(
        not is_mastered(context, skill) or is_due(context, skill) for skill in situation.skills.values()
    )
    # What the generators were told to leave out counts like what the filter dropped.
    excluded = {
        i: context.ruled_out.get(i)
        or context.set_aside.get(i)
        or why_tried(context.policy, context.tried[i], is_due=False)
        for i in request.new_only
    }
    sentence = why_empty(
        context,
        {**excluded, **decision.dropped},
        has_resources=has_resources,
        has_open_skill=has_open_skill,
        n_queued=situation.n_queued,
    )
    return sentence, ()


def _fitting(request: Request) -> set[int]:
    """Some of what fits the request, what is set aside or rests included."""
    return {found.resource_id for found in query_words.find(replace(request, limit=COUNTED, exclude=(), resting=()))}


def _misses_words(request: Request) -> bool:
    """Is it the rest of the words alone that nothing in the course fits?"""
    wish = request.context.wish
    return bool(request.context.query and wish and wish.needs_match and wish.in_force) and not _fitting(request)


def _offers(request: Request) -> tuple[Offer, ...]:
    """What each part of the request alone stands in the way of, counted up to COUNTED."""
    wish, offers = request.context.wish, []
    for code in wish.codes:
        context = replace(request.context, wish=wish.without([code]))
        if n := len(query_words.find(replace(request, context=context, limit=COUNTED))):
            offers.append(Offer(code, n))
    return tuple(offers)
