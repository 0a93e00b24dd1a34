"""Finding what was forgotten: answers and fits nobody was told of, beliefs made by a model that is no longer in use."""

from adaptive.practice import outbox, replaying
from adaptive.practice.finetuning import jobs as finetunes
from adaptive.practice.fitting import jobs as fits


def sweep() -> dict[str, int]:
    """One round. Returns what was found."""
    return {
        "republished": outbox.sweep(),
        "fits": fits.sweep(),
        "finetunes": finetunes.sweep(),
        "states_waiting": replaying.sweep(),
    }
