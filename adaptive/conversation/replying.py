"""A reply to a message, from what the course holds: understood, searched, decided, worded, and checked for answers.

Reads, and asks for a recommendation where the move is one; stores nothing else. No language model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils import translation

from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.conversation import search, words
from adaptive.conversation.answers import Keys, held_answers
from adaptive.conversation.exercises import exercise_met
from adaptive.conversation.passages import best_passages, corrected, weights_of
from adaptive.conversation.policy import decide
from adaptive.conversation.types import (
    ASKS_BACK,
    EXPLAINS,
    NOTHING,
    RECOMMENDS,
    REFUSES_ANSWER,
    Heard,
    Met,
    Move,
    Passage,
    Remembered,
    Seen,
)
from adaptive.conversation.understanding import hear
from adaptive.explanation.services import slate_explain
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import mastery_of
from adaptive.recommendation.models import Slate
from adaptive.recommendation.query_vector import query_vector
from adaptive.recommendation.services import slate_create

N_ITEMS = 3
N_CHOICES = 4
N_PASSAGES = 2
MASTERED = 0.85
N_LOOKED_AT = 5  # passages that are tried where the best would give an answer away


@dataclass(frozen=True, slots=True)
class Quote:
    """`resource`: our own id. `quote`: Markdown, as its author wrote it; "" for a link alone."""

    resource: int
    quote: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """`skills`: what it was about, for what is said next. `exercise`: the one that is not given away."""

    act: str
    code: str
    text: str
    passages: tuple[Quote, ...] = ()
    links: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()
    exercise: int | None = None
    skills: tuple[int, ...] = ()
    query: str = ""
    heard: dict[str, Any] = field(default_factory=dict)
    slate: Slate | None = None

    def to_json(self) -> dict[str, Any]:
        data = asdict(replace(self, slate=None))
        for name in ("slate", "act", "text"):
            del data[name]
        return {**data, "passages": list(data["passages"])}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where, and what the conversation remembers. `in_focus`: exercises that it was about so far."""

    learner: Learner
    course: Course
    open_exercise: int | None = None
    in_focus: tuple[int, ...] = ()
    remembered: Remembered = field(default_factory=Remembered)


def reply_to(text: str, asker: Asker) -> Reply:
    """A fixed number of queries, whatever is asked and however large the course."""
    course = asker.course
    named = list(course.skills.order_by("position", "pk").values_list("pk", "name"))
    heard = hear(_chosen(text, asker.remembered), skills=named, language=course.language)
    vector, model = None, ""
    if heard.words:
        made = query_vector(heard.wish.search_text or " ".join(heard.words))
        vector, model = made.vector, made.model
    skills = _skills_of(heard)
    found = search.find(course=course, words=heard.words, skills=skills, vector=vector, model=model)
    solved = search.solved(learner=asker.learner, course=course)
    met = exercise_met(text, search.questions_like(course=course, text=text), language=course.language)
    if met is not None:
        met = Met(met.exercise, met.how, met.exercise not in solved)
    passages = _passages(heard, found, course)
    near = tuple(dict.fromkeys(search.skills_of([p.resource for p in passages]).values()))
    seen = Seen(
        heard=heard,
        passages=tuple(passages),
        coverage=passages[0].match if passages else 0.0,
        similarity=found.similarity,
        met=met,
        open_exercise=asker.open_exercise,
        near_skills=near[:N_CHOICES],
        remembered=asker.remembered,
    )
    move = decide(seen)
    with translation.override(asker.learner.language or course.language):
        return _Composer(asker, seen, found, move, solved, dict(named)).reply()


def _chosen(text: str, remembered: Remembered) -> str:
    """ "2" after a question with choices is the second of them."""
    bare = text.strip().rstrip(".)")
    if bare.isdecimal() and len(bare) == 1 and 1 <= int(bare) <= len(remembered.choices):
        return remembered.choices[int(bare) - 1]
    return text


def _skills_of(heard: Heard) -> list[int]:
    constraint = heard.wish.constraint("skills")
    return [int(pk) for pk in constraint.value] if constraint is not None else []


def _passages(heard: Heard, found: search.Found, course: Course) -> list[Passage]:
    meant = corrected(heard.words, found.known, found.resources)
    weights = weights_of(heard.words, found.known, found.n_resources)
    return best_passages(
        heard.words, found.resources, weights=weights, language=course.language, limit=N_LOOKED_AT, meant=meant
    )


class _Composer:
    """From a move to a reply that holds no answer."""

    def __init__(
        self, asker: Asker, seen: Seen, found: search.Found, move: Move, solved: set[int], names: dict[int, str]
    ) -> None:
        self.asker, self.seen, self.found, self.move = asker, seen, found, move
        self.solved, self.names = solved, names

    def reply(self) -> Reply:
        move = self.move
        if move.act == RECOMMENDS:
            return self._recommend()
        if move.act == ASKS_BACK:
            return self._ask()
        if move.act in (EXPLAINS, REFUSES_ANSWER):
            return self._explain()
        return self._plain(move.act, move.code, words.sentence(move.code, words=move.values.get("words", ())))

    def _plain(self, act: str, code: str, text: str, **more: Any) -> Reply:
        heard = self.seen.heard
        more.setdefault("skills", self.move.skills or self.asker.remembered.skills)
        met = self.seen.met.exercise if self.seen.met is not None else None
        more.setdefault("exercise", self.move.exercise or met)
        noted = {"intents": sorted(heard.intents), "words": list(heard.words), "wish": heard.wish.to_json()}
        return Reply(act=act, code=code, text=text, heard=noted, **more)

    def _recommend(self) -> Reply:
        move, course = self.move, self.asker.course
        query = move.query
        if query and move.code == "as_asked" and not _skills_of(self.seen.heard) and move.skills:
            query = f"{', '.join(self.names[pk] for pk in move.skills if pk in self.names)}: {query}"
        elif not query and move.skills:
            query = ", ".join(self.names[pk] for pk in move.skills if pk in self.names)
        slate = slate_create(learner=self.asker.learner, course=course, count=N_ITEMS, query=query)
        slate_explain(slate=slate)
        if slate.why_empty:
            return self._plain(NOTHING, "found_nothing", slate.why_empty, query=query, slate=slate)
        return self._plain(RECOMMENDS, move.code, words.sentence(move.code), query=query, slate=slate)

    def _ask(self) -> Reply:
        move = self.move
        if move.code == "which_form":
            choices = words.forms()
        else:
            offered = [pk for pk in move.skills if pk in self.names] or self._useful_skills()
            choices = [self.names[pk] for pk in offered[: 2 * N_CHOICES]] + [words.pick_for_me()]
        return self._plain(
            ASKS_BACK, move.code, words.sentence(move.code), choices=tuple(choices), skills=self.asker.remembered.skills
        )

    def _useful_skills(self) -> list[int]:
        """What is not mastered yet, the course's own order, at most N_CHOICES."""
        views = mastery_of(learner=self.asker.learner, course=self.asker.course, at=now())
        open_ones = [view.skill.pk for view in views if (view.p_mastery or 0.0) < MASTERED]
        return (open_ones or [view.skill.pk for view in views])[:N_CHOICES]

    def _explain(self) -> Reply:
        move = self.move
        exercise = move.exercise
        candidates = list(self.seen.passages)
        skills = list(move.skills)
        if move.act == REFUSES_ANSWER:
            if exercise is None:
                return self._plain(move.act, move.code, words.sentence(move.code))
            skills = list(search.skills_of([exercise]).values())
            candidates = self._of_skills(candidates, skills)
        keys = self._keys(skills, [p.resource for p in candidates])
        focus = {pk for pk in (exercise, self.asker.open_exercise, *self.asker.in_focus) if pk is not None}
        if self.seen.met is not None:
            focus.add(self.seen.met.exercise)
        is_open = set(keys.by_exercise) - self.solved
        safe = [
            p for p in candidates if not held_answers(f"{p.heading}\n{p.quote}", keys, is_open=is_open, in_focus=focus)
        ]
        quotes = tuple(Quote(p.resource, p.quote, p.heading) for p in safe[:N_PASSAGES])
        if move.act == REFUSES_ANSWER:
            helps = quotes or tuple(Quote(pk) for pk in self._helping(skills))
            return self._plain(
                move.act, move.code, words.sentence(move.code), passages=helps, links=(exercise,), skills=tuple(skills)
            )
        if not quotes:
            links = tuple(dict.fromkeys(p.resource for p in candidates))[:N_PASSAGES]
            passages = tuple(Quote(pk) for pk in links)
            return self._plain(
                EXPLAINS, "quotes_hold_answers", words.sentence("quotes_hold_answers"), passages=passages
            )
        near = tuple(search.skills_of([quotes[0].resource]).values())
        return self._plain(
            EXPLAINS, move.code, words.sentence(move.code), passages=quotes, skills=tuple(skills) or near
        )

    def _of_skills(self, candidates: list[Passage], skills: Sequence[int]) -> list[Passage]:
        """Beside an exercise that is not given away: only what teaches the same skill helps."""
        main = search.skills_of([p.resource for p in candidates])
        return [p for p in candidates if main.get(p.resource) in skills and p.match >= 0.25]

    def _helping(self, skills: Sequence[int]) -> list[int]:
        links = Resource.objects.filter(course=self.asker.course, is_retired=False, kind__in=search.EXPLAINING)
        links = links.filter(skill_links__skill__in=skills, skill_links__position=0)
        return list(links.order_by("pk").values_list("pk", flat=True)[:N_PASSAGES])

    def _keys(self, skills: Sequence[int], resources: Sequence[int]) -> Keys:
        near = {*skills, *search.skills_of(resources).values()}
        exercises = [pk for pk in (self.move.exercise, self.asker.open_exercise) if pk is not None]
        return search.keys_of(course=self.asker.course, skills=sorted(near), exercises=exercises)
