"""Situations for the pure part: small ones by hand, random ones for properties."""

from hypothesis import strategies as st

from adaptive.recommendation.types import Candidate, Context, Policy, SkillState, Tried

COURSE = 7
KINDS = ("exercise", "reading", "worked_example", "video")
FORMATS = ("choice", "numeric", "short_text", "cloze")


def skill(number: int, p: float = 0.5, n: int = 4, *, after: tuple[int, ...] = (), r: float | None = 0.97, **values):
    values.setdefault("due_in_days", None if r is None else 5.0)
    return SkillState(
        id=number,
        name=f"Skill {chr(64 + number)}",
        p_mastery=p,
        n_attempts=n,
        retrievability=r if n else None,
        prerequisites=after,
        **values,
    )


def exercise(number: int, skills: tuple[int, ...] = (1,), p: float | None = 0.7, **values) -> Candidate:
    values.setdefault("response_format", "choice")
    values.setdefault("found", {"next_skill": {"skill": skills[0] if skills else 0}})
    return Candidate(
        id=number, kind="exercise", title=f"Exercise {number}", skills=skills, p_correct=p, course_id=COURSE, **values
    )


def reading(number: int, skills: tuple[int, ...] = (1,), **values) -> Candidate:
    values.setdefault("kind", "reading")
    values.setdefault("found", {"next_skill": {"skill": skills[0] if skills else 0}})
    return Candidate(id=number, title=f"Reading {number}", skills=skills, course_id=COURSE, **values)


def context(*skills: SkillState, exploration: float = 0.0, **values) -> Context:
    values.setdefault("purpose", "practice")
    values.setdefault("count", 5)
    values.setdefault("seed", 1)
    values.setdefault("policy", Policy(exploration=exploration))
    return Context(
        course_id=COURSE, zpd_low=0.55, zpd_high=0.9, skills={s.id: s for s in skills or (skill(1),)}, **values
    )


def shares(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda x: round(x, 4))


@st.composite
def situations(draw, *, exploration: float | None = None, max_candidates: int = 25):
    """A random context with candidates that fit it."""
    n_skills = draw(st.integers(1, 6))
    skills = []
    for number in range(1, n_skills + 1):
        before = draw(st.sets(st.integers(1, number - 1), max_size=2)) if number > 1 else set()
        n = draw(st.integers(0, 6))
        skills.append(skill(number, draw(shares(0.02, 0.98)), n, after=tuple(sorted(before)), r=draw(shares(0.2, 1.0))))
    candidates = []
    for number in range(1, draw(st.integers(0, max_candidates)) + 1):
        own = tuple(draw(st.lists(st.integers(1, n_skills), max_size=3, unique=True)))
        found = {"next_skill": {"skill": own[0] if own else 0}}
        if draw(st.booleans()):
            missed = {"missed": "What was missed", "score": draw(shares()), "similarity": draw(shares(0.25, 1.0))}
            found["similar_content"] = missed
        is_exercise = draw(st.booleans())
        make = exercise if is_exercise else reading
        values = {"minutes": draw(shares(0.5, 20)), "age_days": draw(shares(0, 90)), "found": found}
        if is_exercise:
            values |= {"p": draw(shares(0.02, 0.98)), "response_format": draw(st.sampled_from(FORMATS))}
        else:
            values |= {"kind": draw(st.sampled_from(KINDS[1:]))}
        candidates.append(make(number, own, **values))
    tried = {
        c.id: Tried(2, draw(st.integers(0, 2)), draw(st.none() | shares()), draw(shares(0, 10_000)))
        for c in candidates
        if c.kind == "exercise" and draw(st.integers(0, 3)) == 0
    }
    share = draw(st.sampled_from([0.0, 0.05, 0.5, 1.0])) if exploration is None else exploration
    return (
        context(
            *skills,
            exploration=share,
            count=draw(st.integers(1, 8)),
            seed=draw(st.integers(0, 2**63 - 1)),
            purpose=draw(st.sampled_from(["practice", "feed", "catalogue"])),
            tried=tried,
            n_attempts=draw(st.integers(0, 20)),
        ),
        candidates,
    )
