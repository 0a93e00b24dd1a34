"""Letting a model say quoted passages in simpler words: told after the commit, claimed with a lease, sentence by
sentence, so that the page can show each as it comes and a student can stop it.

Only passages of the course go to the model, never a word of the student's. What was sent is noted for the student
before; what came of it stands in the reply's own row.
"""

import logging
import re
import uuid
from dataclasses import dataclass
from time import monotonic

from celery import current_app
from django.db import connection

from adaptive.assessment.words.prompts import as_data, load_prompt
from adaptive.assessment.words.text import plain
from adaptive.audit.models import SentText
from adaptive.audit.services import sent_record
from adaptive.backends.llm.base import LanguageModel, ModelUnavailable
from adaptive.conf import settings
from adaptive.conversation.answers import held_answers
from adaptive.conversation.grounding import fact_of_passage, why_refused
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.search import keys_of, solved
from adaptive.conversation.selectors import resources_cited
from adaptive.explanation.rewording import may_reword_for
from adaptive.learners.consents import TUTOR, agrees_now

logger = logging.getLogger(__name__)

JOB = "adaptive.tutor_reword"
PROMPT = "tutor_passage"
MAX_TOKENS = 70
SECONDS = 12.0  # a passage
SECONDS_IN_ALL = 30.0
GIVE_UP_SECONDS = 90  # after which the plain words are the reply, whatever the worker does
REPUBLISH_SECONDS = 20
MAX_TRIES = 2


def publish(message_id: int) -> bool:
    """Tells the workers, now. False where the broker cannot be reached: the plain words stand meanwhile."""
    try:
        current_app.send_task(JOB, args=[message_id], retry=False)
    except Exception as error:  # any transport has its own; what is stored must never fail on them
        logger.warning("reply %s is stored, but the broker could not be told of it: %s", message_id, error)
        return False
    return True


def sweep() -> dict[str, int]:
    """Ends what nobody waits for any more and tells the workers of what was forgotten. Returns how many of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_tutormessage SET state = 'ready', lease_token = NULL, lease_until = NULL
             WHERE state = 'pending' AND (n_tries >= %s OR created_at < clock_timestamp() - make_interval(secs => %s))
               AND (lease_until IS NULL OR lease_until < clock_timestamp())
            """,
            [MAX_TRIES, GIVE_UP_SECONDS],
        )
        ended = cursor.rowcount
        cursor.execute(
            """
            UPDATE adaptive_tutormessage SET published_at = clock_timestamp()
             WHERE state = 'pending' AND (lease_until IS NULL OR lease_until < clock_timestamp())
               AND coalesce(published_at, created_at) < clock_timestamp() - make_interval(secs => %s)
            RETURNING id
            """,
            [REPUBLISH_SECONDS],
        )
        waiting = [row[0] for row in cursor.fetchall()]
    for message_id in waiting:
        if not publish(message_id):
            break
    return {"ended": ended, "told": len(waiting)}


def _claim(message_id: int) -> uuid.UUID | None:
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE adaptive_tutormessage
               SET lease_token = %s, lease_until = clock_timestamp() + make_interval(secs => %s),
                   n_tries = n_tries + 1, reworded = ''
             WHERE id = %s AND state = 'pending' AND n_tries < %s
               AND (lease_until IS NULL OR lease_until < clock_timestamp())
            """,
            [token, max(settings().lease_seconds, int(SECONDS_IN_ALL) + 15), message_id, MAX_TRIES],
        )
        return token if cursor.rowcount else None


@dataclass(slots=True)
class _Held:
    """A reply in this worker's hands. Every write is fenced by the lease's token and the state: a stop ends it."""

    message: TutorMessage
    token: uuid.UUID

    def write(self, **values: object) -> bool:
        held = TutorMessage.objects.filter(pk=self.message.pk, lease_token=self.token, state=TutorMessage.State.PENDING)
        return bool(held.update(**values))


def reword_work(message_id: int, *, llm: LanguageModel) -> str:
    """A worker's whole job on one reply. Safe to run any number of times. Returns what came of it."""
    token = _claim(message_id)
    if token is None:
        return "not to be had"
    message = (
        TutorMessage.objects.select_related("conversation__learner", "conversation__course__tenant")
        .filter(pk=message_id)
        .first()
    )
    if message is None:
        return "gone"
    held = _Held(message, token)
    done = {"state": TutorMessage.State.READY, "lease_token": None, "lease_until": None}
    talk = message.conversation
    # Consent and settings as of now: whoever took their consent back meanwhile is not served by a model any more.
    if not may_reword_for(learner=talk.learner, course=talk.course, purpose=TUTOR) or not llm.is_available():
        held.write(**done)
        return "not wanted"
    try:
        outcome = _say(held, llm)
    except ModelUnavailable:
        outcome = "no model"
    except Exception:
        logger.exception("reply %s could not be reworded", message_id)
        outcome = "failed"
    return outcome if held.write(**done) else "stopped"


def _say(held: _Held, llm: LanguageModel) -> str:
    message, talk = held.message, held.message.conversation
    prompt = load_prompt(PROMPT)
    made = {"model": f"{llm.name} {llm.version}"[:128], "prompt_version": prompt.version[:64]}
    rows = resources_cited(course=talk.course, messages=[message])
    keys = keys_of(course=talk.course, resources=list(rows))
    is_open = set(keys.by_exercise) - solved(learner=talk.learner, course=talk.course)
    focus = {pk for pk in (talk.exercise_id, message.reply.get("exercise")) if pk}
    others = sorted(talk.course.skills.values_list("name", flat=True))
    ends = monotonic() + SECONDS_IN_ALL
    sentences: list[str] = []
    refused: list[dict[str, str]] = []
    for passage in message.reply.get("passages", ()):
        row = rows.get(passage["resource"])
        if row is None or not passage["quote"] or monotonic() >= ends:
            continue
        if not agrees_now(talk.learner, TUTOR):
            break
        asked = prompt.prefix() + prompt.text(passage=as_data(plain(passage["quote"]), 1200))
        _note_sent(message, asked=asked, llm=llm)
        with llm.for_purpose("tutor"):
            answer = llm.generate(
                asked, max_tokens=MAX_TOKENS, stop=["\n", "###"], seconds=min(SECONDS, ends - monotonic())
            )
        sentence = re.sub(r"\s+", " ", answer).strip().strip('"').strip()
        fact = fact_of_passage(passage["quote"], row.title)
        why = why_refused(sentence, fact, other_names=[name for name in others if name not in fact.text])
        if not why and held_answers(sentence, keys, is_open=is_open, in_focus=focus):
            why = "holds an answer"
        if why:
            refused.append({"text": sentence[:500], "why": why})
        else:
            sentences.append(sentence)
        if not held.write(reworded=" ".join(sentences), refused=refused, **made):
            return "stopped"
    return "reworded" if sentences else "plain"


def _note_sent(message: TutorMessage, *, asked: str, llm: LanguageModel) -> None:
    """Before the model gets it: a passage of the course; nothing that the learner wrote or that says who they are."""
    sent_record(
        learner=message.conversation.learner,
        purpose=SentText.Purpose.TUTOR,
        model=f"{llm.name} {llm.version}",
        host=llm.host,
        text=asked,
        subject=message,
    )
