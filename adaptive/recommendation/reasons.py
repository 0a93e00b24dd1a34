"""Why a pick stands where it stands, as codes with the very numbers and names that were logged. Pure.

Codes: pinned, nothing_due, explores, matches_query, as_asked, due_review, similar_to_missed, was_missing, next_skill,
room_to_learn, stated, preferred, in_window, expected, popular, co_practised, timely, fresh, takes_minutes. Most
telling first.
"""

from typing import Any

from .features import likeness_of
from .preferences import KIND, LENGTH, PACE, leans_for, length_of
from .skills import due_skills, is_mastered, state_of
from .types import Candidate, Context, Pick, SkillState

FRESH_WITHIN_DAYS = 30.0
POPULAR_FROM = 3  # learners; fewer say little, and might be recognised
MAX_NAMED_PREREQUISITES = 3
MAX_SHOWN_QUERY = 80


def reasons_of(context: Context, pick: Pick) -> list[dict[str, Any]]:
    """[{code, facts}], sorted by how much each spoke for the pick."""
    candidate, f = pick.scored.candidate, pick.scored.features
    policy = context.policy
    weighed: list[tuple[float, str, dict[str, Any]]] = []

    def add(weight: float, code: str, **facts: Any) -> None:
        weighed.append((weight, code, facts))

    if pin := context.pins.get(candidate.id):
        add(13.0, "pinned", scope=pin.scope, days=pin.days)
    elif context.fallback:
        add(12.0, context.fallback)
    if pick.is_exploration:
        add(11.0, "explores", share=policy.exploration)
    words = {k: v for k, v in candidate.found.get("query_words", {}).items() if k != "match"}
    if words:
        add(10.0, "matches_query", query=_shown_query(context), **words)
    if context.wish and context.wish.in_force:
        # The words in it that matched say more, and so does what it is good for.
        add(0.1, "as_asked", asked=[constraint.words for constraint in context.wish.in_force])

    due = due_skills(context, candidate)
    main = state_of(context, candidate.main_skill) if candidate.main_skill is not None else None
    if due:
        skill = min(due, key=lambda s: (1.0 if s.retrievability is None else s.retrievability, s.id))
        bonus = 2.0 if context.purpose == "review" else 0.05
        add(bonus + policy.forgetting_weight * f.forgetting, "due_review", **_due_facts(skill))
    for code, name in (("similar_to_missed", "similar_content"), ("was_missing", "what_was_missing")):
        # The score counts the likelier of the two (features.hint); each is told with its own.
        if (likeness := likeness_of(candidate, name)) > 0:
            found = candidate.found[name]
            add(
                0.1 + policy.hint_weight * likeness,
                code,
                missed=found["missed"],
                similarity=found["similarity"],
            )
    if main is not None and not is_mastered(context, main):
        facts = {"skill": main.name, "p_mastery": main.p_mastery, "n_attempts": main.n_attempts}
        if "next_skill" in candidate.found and f.readiness >= 1.0:
            add(f.readiness * f.room, "next_skill", **facts, prerequisites=_prerequisite_names(context, main))
        else:
            add(0.5 * f.readiness * f.room, "room_to_learn", **facts)
    if main is not None and (logits := context.stated.get(main.id, 0.0)):
        add(0.04, "stated", skill=main.name, said="too_easy" if logits > 0 else "too_hard", logits=logits)
    if leans := [(lean, what, said) for what, (lean, said) in leans_for(context, candidate, f.p_felt).items()]:
        lean, what, said = max(leans)
        if lean > 0:
            add(0.035, "preferred", what=what, value=_value_of(context, candidate, what), is_stated=said)
    if f.p_felt is not None:
        is_inside = context.zpd_low <= f.p_felt <= context.zpd_high
        if is_inside:
            add(0.03, "in_window", p_correct=f.p_felt, low=context.zpd_low, high=context.zpd_high)
        else:
            add(0.01, "expected", p_correct=f.p_felt)
    if popular := candidate.found.get("popular"):
        bonus = 0.3 if context.purpose == "feed" or context.n_attempts == 0 else 0.02
        if popular.get("n_learners", 0) >= POPULAR_FROM:
            add(
                bonus * f.popularity,
                "popular",
                n_attempts=popular["n_attempts"],
                n_learners=popular["n_learners"],
                later_success=popular["later_success"],
            )
    chosen = context.purpose in ("feed", "catalogue")
    if followed := candidate.found.get("co_practised"):
        add(
            (0.6 if chosen else 0.02) * followed["strength"],
            "co_practised",
            after=followed["after"],
            n_learners=followed["n_learners"],
            n_right=followed["n_right"],
        )
    if busy := candidate.found.get("timely"):
        add(
            (0.3 if chosen else 0.02) * busy["timeliness"],
            "timely",
            **{k: busy[k] for k in ("skill", "n_learners", "days")},
        )
    if context.purpose == "feed" and f.freshness > 0 and candidate.age_days <= FRESH_WITHIN_DAYS:
        add(0.3 * f.freshness, "fresh", days=round(candidate.age_days))
    add(0.0, "takes_minutes", minutes=candidate.minutes)
    weighed.sort(key=lambda row: (-row[0], row[1]))
    return [{"code": code, "facts": facts} for _, code, facts in weighed]


def _value_of(context: Context, candidate: Candidate, what: str) -> str:
    """Of kind, length, language or pace: what it is that the learner prefers."""
    said = context.preferences
    if what == KIND:
        return candidate.kind
    if what == LENGTH:
        return length_of(candidate.minutes)
    return said.pace if what == PACE else candidate.language or said.course_language


def _shown_query(context: Context) -> str:
    """What was looked for, without the constraints, and not longer than a sentence bears."""
    text = (context.wish.search_text if context.wish else "") or context.query
    return text if len(text) <= MAX_SHOWN_QUERY else text[: MAX_SHOWN_QUERY - 1].rstrip() + "…"


def _due_facts(skill: SkillState) -> dict[str, Any]:
    facts: dict[str, Any] = {"skill": skill.name, "p_mastery": skill.p_mastery, "n_attempts": skill.n_attempts}
    if skill.retrievability is not None:
        facts["retrievability"] = skill.retrievability
    if skill.due_in_days is not None:
        facts["due_in_days"] = skill.due_in_days
    return facts


def _prerequisite_names(context: Context, skill: SkillState) -> list[str]:
    names = [context.skills[p].name for p in skill.prerequisites if p in context.skills]
    return names[:MAX_NAMED_PREREQUISITES]
