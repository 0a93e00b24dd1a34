"""Learning anew, unasked, from a course's answers, whenever they have grown by half since the last time.

A school has nobody who types `finetune` and `fit_learner_model`. So a sweep looks around once an hour. What practice
does is learned by a process of its own (numpy, seconds to minutes), which puts the version in use and ends with its
memory; nothing is lost with it: the next sweep finds the course again. Then a fit of the learner model is asked for as
from the command line: a worker does it, and it comes into use only where it foretells held-out learners no worse than
what is. What a person put in use stays in use.
"""

import logging
import subprocess

from django.conf import settings as django_settings
from django.db.models import Q

from adaptive.audit.models import AuditEntry
from adaptive.catalog.models import Course
from adaptive.common.errors import Conflict
from adaptive.common.processes import command_of
from adaptive.conf import settings
from adaptive.events.models import Attempt
from adaptive.practice.alone import alone
from adaptive.practice.finetuning.recommending import effects_learn, recommending_store
from adaptive.practice.fitting.jobs import fit_ask
from adaptive.recommendation.effects import recommender_of
from adaptive.recommendation.models import RecommenderVersion

logger = logging.getLogger(__name__)

LOCK_KIND = 0x5E7AE
LEAST_ANSWERS = 20_000  # below, what is learned taught simulated learners whose skills grow no better than the defaults
GROWN = 1.5  # times as many answers as the last version learned from
MOST_ANSWERS = 500_000  # of a course; fits on 400,000 were tried, on more they were not
MAX_SECONDS = 1800.0
SEED = 0


def is_due(course: Course) -> bool:
    """Have enough answers come since anybody learned from them, and has no person chosen what is in use?"""
    n = Attempt.objects.filter(course=course, applied_seq__isnull=False)[: MOST_ANSWERS + 1].count()
    if not LEAST_ANSWERS <= n <= MOST_ANSWERS:
        return False
    learned = RecommenderVersion.objects.filter(course=course).order_by("-pk").values_list("data", flat=True).first()
    if n < GROWN * int((learned or {}).get("n_rows", 0)):
        return False
    return not _is_chosen_by_a_person(course)


def _is_chosen_by_a_person(course: Course, action: str = "recommender_activate") -> bool:
    chosen = AuditEntry.objects.filter(tenant_id=course.tenant_id, action=action)
    chosen = chosen.filter(Q(inputs__course=course.external_id) | Q(inputs__course=None))
    return chosen.order_by("-pk").values_list("actor_kind", flat=True).first() == AuditEntry.ActorKind.PERSON


def effects_renew(*, course: Course) -> RecommenderVersion | None:
    """Learns and puts it in use, with the weights of words as they are. None where nothing was due, or another is at
    it. Raises InvalidInput as `effects_learn`."""
    with alone(LOCK_KIND, course.pk) as is_alone:
        if not is_alone or not is_due(course):
            return None
        learned = effects_learn(course=course, seed=SEED, progress=lambda share, words: logger.info("%s", words))
        learned.words.update(recommender_of(course=course).words)
        return recommending_store(learned, activate=True)


def sweep() -> int:
    """Has a process learn for every course that is due, one after the other. Returns for how many it did."""
    if not settings().learns_by_itself:
        return 0
    n_done = 0
    for course in Course.objects.select_related("tenant").order_by("pk"):
        if is_due(course) and _in_a_process(course):
            n_done += 1
            _fit_ask(course)
    return n_done


def _fit_ask(course: Course) -> None:
    if _is_chosen_by_a_person(course, "learner_model_activate"):
        return
    try:
        fit_ask(course=course, backend=settings().learner_model_to_fit, activate=True)
    except Conflict:
        logger.info("a fit of course %s is at work already", course.pk)


def _in_a_process(course: Course) -> bool:
    words = ["finetune", "--task=recommend", "--unasked", f"--course={course.external_id}"]
    command, environ = command_of(django_settings.SETTINGS_MODULE, *words, f"--tenant={course.tenant.slug}")
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, timeout=MAX_SECONDS
        )
    except subprocess.TimeoutExpired:
        logger.warning("learning what practice does in course %s took over %.0f s", course.pk, MAX_SECONDS)
        return False
    if done.returncode:
        logger.warning("what practice does in course %s was not learned: %s", course.pk, done.stderr[-2000:].strip())
        return False
    logger.info("course %s: %s", course.pk, done.stdout.strip())
    return True
