"""Background jobs. Messages carry ids alone; every job is safe to run twice, and to lose."""

import contextlib
import logging
import os

import psutil
from celery import shared_task
from celery.signals import worker_init, worker_process_init, worker_ready, worker_shutting_down

from adaptive.audit.services import sent_forget
from adaptive.backends.embedding.base import EmbeddingUnavailable
from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.registry import get_embedding, get_llm, get_marker
from adaptive.catalog.embedding import resources_embed
from adaptive.common.processes import be_nice, end_with_parent
from adaptive.conversation import jobs as conversation
from adaptive.explanation.services import explanation_reword
from adaptive.performance import jobs as performance
from adaptive.performance.services import performance_reword
from adaptive.practice import difficulties, relearning
from adaptive.practice.finetuning import jobs as finetunes
from adaptive.practice.fitting import jobs as fits
from adaptive.practice.replaying import states_replay
from adaptive.practice.services import attempt_work
from adaptive.practice.sweeping import sweep
from adaptive.recommendation.co_practice import co_practice_sweep
from adaptive.recommendation.gaps import gaps_embed
from adaptive.recommendation.text_forecasts import ROUND, forecasts_sweep
from adaptive.tenants.services import idempotency_forget

logger = logging.getLogger(__name__)

EMBED_ROUND = 96


@shared_task(name="adaptive.attempt_assess")
def attempt_assess_job(attempt_id: int) -> str:
    return attempt_work(int(attempt_id))


@shared_task(name="adaptive.sweep", soft_time_limit=50, time_limit=60)
def sweep_job() -> dict[str, int]:
    return sweep()


# Acknowledged when it begins, as it takes longer than any broker would wait: the row's lease, not the message, finds a
# worker that died.
@shared_task(
    name="adaptive.learner_model_fit",
    acks_late=False,
    soft_time_limit=fits.MAX_SECONDS + 120,
    time_limit=fits.MAX_SECONDS + 180,
)
def learner_model_fit_job(fit_id: int) -> str:
    return fits.fit_work(int(fit_id))


@shared_task(
    name="adaptive.finetune",
    acks_late=False,
    soft_time_limit=finetunes.MAX_SECONDS + 120,
    time_limit=finetunes.MAX_SECONDS + 180,
)
def finetune_job(fit_id: int) -> str:
    return finetunes.finetune_work(int(fit_id))


@shared_task(name="adaptive.relearn", acks_late=False, soft_time_limit=3500, time_limit=3560)
def relearn_job() -> int:
    """Courses learn anew where enough answers have come; a message that is lost costs an hour."""
    return relearning.sweep()


@shared_task(name="adaptive.states_replay", soft_time_limit=600, time_limit=660)
def states_replay_job(course_id: int) -> int:
    """A short round; the sweeper gives the next one while there is more."""
    return states_replay(int(course_id))


@shared_task(name="adaptive.item_difficulties", soft_time_limit=600, time_limit=660)
def item_difficulties_job(course_id: int) -> dict[str, int]:
    return difficulties.difficulties_renew(int(course_id))


@shared_task(name="adaptive.difficulties_sweep", soft_time_limit=50, time_limit=60)
def difficulties_sweep_job() -> int:
    """Rarer than the other sweep: nobody waits for a difficulty, and it looks at every exercise."""
    return difficulties.sweep()


@shared_task(name="adaptive.forget", soft_time_limit=50, time_limit=60)
def forget_job() -> int:
    """Idempotency records that no client will ask for again, and old notes of what models were given."""
    return idempotency_forget() + sent_forget()


@shared_task(name="adaptive.resources_embed", soft_time_limit=300, time_limit=330)
def resources_embed_job() -> int:
    """A short round, so that no answer waits long behind it; it calls itself again while there is more."""
    n_done = resources_embed(embedding=get_embedding(), limit=EMBED_ROUND)
    if n_done == EMBED_ROUND:
        resources_embed_job.apply_async(retry=False)
    return n_done


@shared_task(name="adaptive.co_practice", soft_time_limit=600, time_limit=660)
def co_practice_job() -> dict[str, int]:
    """What learners went on to, counted anew where somebody worked since."""
    return co_practice_sweep()


@shared_task(name="adaptive.text_forecasts", soft_time_limit=300, time_limit=330)
def text_forecasts_job() -> int:
    """A short round of what the language model expects from words, where that counts; calls itself for the rest."""
    try:
        n_done = forecasts_sweep(llm=get_llm())
    except ModelUnavailable as away:
        logger.warning("what is to be expected from words cannot be asked: %s", away)
        return 0
    if n_done >= ROUND:
        text_forecasts_job.apply_async(retry=False)
    return n_done


@shared_task(name="adaptive.explanation_reword")
def explanation_reword_job(explanation_id: int) -> bool:
    return explanation_reword(explanation_id=int(explanation_id), llm=get_llm())


@shared_task(name=conversation.JOB)
def tutor_reword_job(message_id: int) -> str:
    return conversation.reword_work(int(message_id), llm=get_llm())


@shared_task(name="adaptive.tutor_sweep", soft_time_limit=20, time_limit=25)
def tutor_sweep_job() -> dict[str, int]:
    """Replies that nobody rewords any more get their plain words for good; forgotten ones are told again."""
    return conversation.sweep()


@shared_task(name=performance.JOB)
def performance_assess_job(assessment_id: int) -> str:
    return performance.performance_work(int(assessment_id))


@shared_task(name="adaptive.performance_sweep", soft_time_limit=50, time_limit=60)
def performance_sweep_job() -> dict[str, int]:
    """Sessions that have ended, and what waits to be assessed."""
    return performance.sweep()


@shared_task(name="adaptive.performance_weeks", soft_time_limit=110, time_limit=120)
def performance_weeks_job() -> dict[str, int]:
    """Weeks that are over, and assessments that a later mark has overtaken."""
    return performance.weeks_sweep()


@shared_task(name=performance.EMBED_JOB, soft_time_limit=300, time_limit=330)
def gaps_embed_job() -> int:
    """What assessments found missing gets its place in embedding space; until then retrieval passes it over."""
    try:
        return gaps_embed(embedding=get_embedding())
    except EmbeddingUnavailable as away:
        logger.warning("what was missing cannot be embedded: %s", away)
        return 0


@shared_task(name=performance.REWORD_JOB)
def performance_reword_job(assessment_id: int) -> bool:
    return performance_reword(assessment_id=int(assessment_id), llm=get_llm())


@worker_init.connect
def let_others_go_first(**kwargs: object) -> None:
    """A worker of jobs that nobody waits for takes only the time that answers and pages leave."""
    if niceness := os.environ.get("ADAPTIVE_NICENESS"):
        be_nice(int(niceness))


@worker_shutting_down.connect
def fits_stop(**kwargs: object) -> None:
    """A worker that is asked to stop does not wait out a long fit: its process ends, and the fit is given back."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = set(process.cmdline())
            if {"fit_learner_model", "--work"} <= words or {"finetune", "--unasked"} <= words:
                process.terminate()


@worker_process_init.connect
def prepare_process(**kwargs: object) -> None:
    """In every new pool process: die with the parent, and read the models before the first answer waits for them."""
    # A parent killed with -9 would else leave this process, and its gigabyte, behind.
    end_with_parent()
    if os.getppid() == 1 and os.environ.get("ADAPTIVE_SUPERVISOR"):
        os._exit(1)
    if os.environ.get("ADAPTIVE_PRELOAD_MODELS"):
        try:
            get_embedding().load()
            llm, marker = get_llm(), get_marker()
            if marker is not None and marker.is_available():
                marker.load()  # it marks, so the language model can wait until somebody wants words of it
            elif llm.is_available():
                llm.load()
        except Exception:
            # The jobs themselves will say so again and wait; a worker that cannot start would help nobody.
            logger.exception("the models could not be read ahead")


@worker_ready.connect
def look_around(**kwargs: object) -> None:
    """What waited while no worker ran: answers first, then texts without an embedding."""
    try:
        sweep_job.apply_async(retry=False)
        if os.environ.get("ADAPTIVE_PRELOAD_MODELS"):
            resources_embed_job.apply_async(retry=False)
    except Exception:
        logger.exception("the scheduler will look around instead")
