from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.mastery.difficulty_view import DifficultyView
from adaptive.pages.presenters.wording import percent


def difficulty_line(found: DifficultyView) -> str:
    """How hard an exercise is expected to be, and who says so."""
    if found.source == "none" and not found.n_answers:
        return _("Nothing is known yet of how hard it is.")
    expected = _("Expected: %(p)s of new learners get it wrong.") % {"p": percent(found.p_wrong)}
    sources = {
        "fitted": _("The learner model found this from the answers to it."),
        "words": _("Told from its words, by exercises of this course that were answered."),
        "skills": _("Told from its skills, by exercises of this course that were answered."),
        "author": _("This is the author's mark."),
        "none": "",
    }
    corrected = ""
    if found.n_answers:
        corrected = ngettext(
            "Corrected by %(n)d answer so far.", "Corrected by %(n)d answers so far.", found.n_answers
        ) % {"n": found.n_answers}
        if found.source == "none":
            corrected = ngettext(
                "Found from %(n)d answer so far.", "Found from %(n)d answers so far.", found.n_answers
            ) % {"n": found.n_answers}
    return " ".join(part for part in (expected, sources[found.source], corrected) if part)
