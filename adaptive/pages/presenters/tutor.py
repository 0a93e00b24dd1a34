"""The conversation with the tutor, as it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from adaptive.catalog.models import Resource
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.services import MAX_CHARACTERS, MAX_TURNS
from adaptive.pages.markdown import plain_text, render_inline
from adaptive.pages.presenters.picks import PickCard, pick_card
from adaptive.pages.presenters.wording import kind_name, minutes
from adaptive.recommendation.models import Slate
from adaptive.recommendation.wish_words import label_of, words_label
from adaptive.recommendation.wishes.types import Wish

POLL_SECONDS = (1, 1, 2, 2, 3)
MOST_LOOKS = 60


@dataclass(frozen=True, slots=True)
class Source:
    """A resource of the course that a reply rests on."""

    pk: int
    title: str
    kind: str
    kind_name: str
    minutes: str


@dataclass(frozen=True, slots=True)
class Quoted:
    source: Source
    heading: str
    lines: tuple[SafeString, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """`choices`: only of the latest reply, and while the conversation goes on."""

    pk: int
    is_student: bool
    text: str
    created_at: object
    is_pending: bool = False
    is_stopped: bool = False
    reworded: str = ""
    quotes: tuple[Quoted, ...] = ()
    sources: tuple[Source, ...] = ()
    exercise: Source | None = None
    picks: tuple[PickCard, ...] = ()
    chips: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def announcement(self) -> str:
        """For who listens: what there is, without reading all of it out."""
        said = [self.text]
        said += [self.reworded] if self.reworded else []
        said += [plain_text(str(quoted.source.title)) for quoted in self.quotes]
        said += [pick.title for pick in self.picks]
        return " ".join([*said, *self.choices])


def source_of(resource: Resource) -> Source:
    return Source(
        pk=resource.pk,
        title=plain_text(resource.title),
        kind=resource.kind,
        kind_name=kind_name(resource.kind),
        minutes=minutes(resource.duration_minutes),
    )


def turn(message: TutorMessage, resources: Mapping[int, Resource], *, is_latest: bool = False) -> Turn:
    if message.role == TutorMessage.Role.STUDENT:
        return Turn(pk=message.pk, is_student=True, text=message.text, created_at=message.created_at)
    reply = message.reply
    known = [p for p in reply.get("passages", ()) if p["resource"] in resources]
    exercise = next((resources[pk] for pk in reply.get("links", ()) if pk in resources), None)
    return Turn(
        pk=message.pk,
        is_student=False,
        text=message.text,
        created_at=message.created_at,
        is_pending=message.state == TutorMessage.State.PENDING,
        is_stopped=message.state == TutorMessage.State.STOPPED,
        reworded=message.reworded,
        quotes=tuple(
            Quoted(
                source=source_of(resources[p["resource"]]),
                heading=plain_text(p["heading"]),
                lines=tuple(render_inline(line) for line in p["quote"].splitlines()),
            )
            for p in known
            if p["quote"]
        ),
        sources=tuple(source_of(resources[p["resource"]]) for p in known if not p["quote"]),
        exercise=source_of(exercise) if exercise is not None else None,
        picks=tuple(pick_card(place) for place in message.slate.impressions.all()) if message.slate else (),
        chips=_chips(message.slate),
        choices=tuple(reply.get("choices", ())) if is_latest else (),
    )


def _chips(slate: Slate | None) -> tuple[str, ...]:
    """What was understood of the request, in words; no query."""
    if slate is None or not slate.context.get("wish"):
        return ()
    wish = Wish.from_json(slate.context["wish"])
    labels = [label_of(constraint) for constraint in wish.in_force]
    return (*labels, words_label(wish)) if wish.needs_match else tuple(labels)


def turns(messages: Sequence[TutorMessage], resources: Mapping[int, Resource]) -> list[Turn]:
    return [turn(message, resources, is_latest=message is messages[-1]) for message in messages]


def poll_seconds(n: int) -> int:
    return POLL_SECONDS[min(n, len(POLL_SECONDS) - 1)]


def limits() -> str:
    return _("At most %(most)s characters; a conversation has at most %(turns)s turns.") % {
        "most": number_format(MAX_CHARACTERS, force_grouping=True),
        "turns": MAX_TURNS,
    }
