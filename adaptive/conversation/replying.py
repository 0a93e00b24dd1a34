"""A reply to a message, from what the course holds: understood, searched, decided, worded, and checked for answers.

Reads, and asks for a recommendation where the move is one; stores nothing else. No language model.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from adaptive.catalog.models import Course, Resource
from adaptive.common.clock import now
from adaptive.conversation import search, words
from adaptive.conversation.answers import held_answers
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
from adaptive.learners.languages import spoken_to
from adaptive.learners.models import Learner
from adaptive.mastery.selectors import mastery_of
from adaptive.recommendation.models import Slate
from adaptive.recommendation.query_notes import note_words_given
from adaptive.recommendation.query_vector import query_vector
from adaptive.recommendation.services import slate_create

N_ITEMS = 3
N_CHOICES = 4
N_PASSAGES = 2
MEANT = 0.3  # cosine similarity from which a resource has something to do with the message
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


NOTHING_SAID = Remembered()


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
        asked = heard.wish.search_text or " ".join(heard.words)
        made = query_vector(asked)
        note_words_given(made, learner=asker.learner, course=course, text=asked)
        vector, model = made.vector, made.model
    skills = _skills_of(heard)
    found = search.find(course=course, words=heard.words, skills=skills, vector=vector, model=model)
    solved = search.solved(learner=asker.learner, course=course)
    met = exercise_met(text, search.questions_like(course=course, text=text), language=course.language)
    if met is not None:
        met = Met(met.exercise, met.how, met.exercise not in solved)
    focus = {pk for pk in (asker.open_exercise, *asker.in_focus, met.exercise if met else None) if pk is not None}
    keys = search.keys_of(course=course, resources=[r.id for r in found.resources], exercises=sorted(focus))
    is_open = set(keys.by_exercise) - solved

    def may_quote(words: str) -> bool:
        return not held_answers(words, keys, is_open=is_open, in_focus=focus)

    passages = _passages(heard, found, course, may_quote)
    near = _near_skills(passages, found)
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
    with spoken_to(learner=asker.learner, course=course):
        return _Composer(asker, seen, move, dict(named)).reply()


def _chosen(text: str, remembered: Remembered) -> str:
    """ "2" after a question with choices is the second of them."""
    bare = text.strip().rstrip(".)")
    if bare.isdecimal() and len(bare) == 1 and 1 <= int(bare) <= len(remembered.choices):
        return remembered.choices[int(bare) - 1]
    return text


def _skills_of(heard: Heard) -> list[int]:
    constraint = heard.wish.constraint("skills")
    return [int(pk) for pk in constraint.value] if constraint is not None else []


def _passages(heard: Heard, found: search.Found, course: Course, may_quote: Callable[[str], bool]) -> list[Passage]:
    meant = corrected(heard.words, found.known, found.resources)
    weights = weights_of(heard.words, found.known, found.n_resources)
    return best_passages(
        heard.words,
        found.resources,
        weights=weights,
        language=course.language,
        limit=N_LOOKED_AT,
        meant=meant,
        may_quote=may_quote,
    )


def _as_typed(text: str, found: Sequence[str]) -> list[str]:
    places = [(text.casefold().find(word), word) for word in found]
    return [text[at : at + len(word)] if at >= 0 else word for at, word in places]


def _near_skills(passages: Sequence[Passage], found: search.Found) -> tuple[int, ...]:
    """Skills of what was found, by words and by meaning; the one alone that most of it speaks for."""
    near = [
        r.id for r in sorted(found.resources, key=lambda r: -(r.similarity or 0.0)) if (r.similarity or 0.0) > MEANT
    ]
    order = [*(p.resource for p in passages), *near[:N_CHOICES]]
    main = search.skills_of(list(dict.fromkeys(order)))
    votes = Counter(main[pk] for pk in order if pk in main)
    (best, n), *others = votes.most_common() or [(0, 0)]
    return (best,) if n > 1 and n > 2 * sum(m for _, m in others) else tuple(votes)


class _Composer:
    """From a move to a reply that holds no answer."""

    def __init__(self, asker: Asker, seen: Seen, move: Move, names: dict[int, str]) -> None:
        self.asker, self.seen, self.move, self.names = asker, seen, move, names

    def reply(self) -> Reply:
        move = self.move
        if move.act == RECOMMENDS:
            return self._recommend()
        if move.act == ASKS_BACK:
            return self._ask()
        if move.act == EXPLAINS:
            return self._explain()
        if move.act == REFUSES_ANSWER:
            return self._refuse()
        return self._plain(
            move.act,
            move.code,
            words.sentence(move.code, words=_as_typed(self.seen.heard.text, move.values.get("words", ()))),
        )

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
        """The passages hold no answer: they were chosen so (see may_quote)."""
        move = self.move
        quotes = tuple(Quote(p.resource, p.quote, p.heading) for p in self.seen.passages if p.quote)[:N_PASSAGES]
        if not quotes:
            unsaid = tuple(Quote(p.resource) for p in self.seen.passages[:N_PASSAGES])
            return self._plain(EXPLAINS, "quotes_hold_answers", words.sentence("quotes_hold_answers"), passages=unsaid)
        skills = move.skills or tuple(search.skills_of([quotes[0].resource]).values())
        return self._plain(EXPLAINS, move.code, words.sentence(move.code), passages=quotes, skills=skills)

    def _refuse(self) -> Reply:
        """No answer, but what teaches the same skill, and the way to the exercise with its hints."""
        move = self.move
        if move.exercise is None:
            return self._plain(move.act, move.code, words.sentence(move.code))
        skills = tuple(search.skills_of([move.exercise]).values())
        fitting = [p for p in self._of_skills(self.seen.passages, skills) if p.quote]
        helps = tuple(Quote(p.resource, p.quote, p.heading) for p in fitting[:N_PASSAGES])
        helps = helps or tuple(Quote(pk) for pk in self._helping(skills))
        return self._plain(
            move.act, move.code, words.sentence(move.code), passages=helps, links=(move.exercise,), skills=skills
        )

    def _of_skills(self, candidates: Sequence[Passage], skills: Sequence[int]) -> list[Passage]:
        """Beside an exercise that is not given away: only what teaches the same skill helps."""
        main = search.skills_of([p.resource for p in candidates])
        return [p for p in candidates if main.get(p.resource) in skills and p.match >= 0.25]

    def _helping(self, skills: Sequence[int]) -> list[int]:
        links = Resource.objects.filter(course=self.asker.course, is_retired=False, kind__in=search.EXPLAINING)
        links = links.filter(skill_links__skill__in=skills, skill_links__position=0)
        return list(links.order_by("pk").values_list("pk", flat=True)[:N_PASSAGES])
