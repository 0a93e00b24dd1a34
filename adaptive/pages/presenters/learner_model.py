"""Which learner model is in use for a course, in a sentence, with the exact figures behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from adaptive.mastery.selectors import ModelStanding


@dataclass(frozen=True, slots=True)
class FiguresRow:
    """One model on the answers of the learners held out, to four places."""

    name: str
    auc: str
    log_loss: str
    rmse: str
    ece: str


@dataclass(frozen=True, slots=True)
class ModelLine:
    """sentence: which model, and how good. following: how many learners' states are still to follow; "" for none.

    rows and facts are empty for the defaults that ship.
    """

    sentence: str
    following: str
    rows: list[FiguresRow]
    facts: list[str]


def short(value: float) -> str:
    """.81: as figures between 0 and 1 are written in papers; 0,81 where there is a comma."""
    said = number_format(f"{value:.2f}")
    return said[1:] if said.startswith("0.") else said


def _number(n: int) -> str:
    return number_format(n, force_grouping=True)


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), pgettext("a date, as Django writes formats", "j M Y"))


def _row(name: str, figures: dict[str, Any]) -> FiguresRow:
    return FiguresRow(name, *(number_format(f"{figures[key]:.4f}") for key in ("auc", "log_loss", "rmse", "ece")))


def model_line(standing: ModelStanding) -> ModelLine:
    following = ""
    if standing.n_waiting:
        following = ngettext(
            "Of %(of)s learner, %(n)s is still to be brought up to it.",
            "Of %(of)s learners, %(n)s are still to be brought up to it.",
            standing.n_states,
        ) % {"of": _number(standing.n_states), "n": _number(standing.n_waiting)}
    version = standing.version
    if version is None:
        sentence = _("Learner model: %(name)s, shipped defaults, not fitted to this course.")
        return ModelLine(sentence % {"name": standing.name}, following, [], [])
    data, figures = version.data, version.figures
    sentence = _(
        "Learner model: %(name)s, version %(version)d, fitted %(date)s on %(answers)s answers of %(learners)s "
        "learners; on learners held out: AUC %(auc)s, calibration error %(ece)s."
    ) % {
        "name": version.name,
        "version": version.pk,
        "date": _day(version.created_at),
        "answers": _number(data["n_rows"]),
        "learners": _number(data["n_learners"]),
        "auc": short(figures["model"]["auc"]),
        "ece": short(figures["model"]["ece"]),
    }
    in_use = figures["in_use"]
    before = _("shipped defaults, in use before")
    if in_use["version"]:
        before = _("version %(n)d, in use before") % {"n": in_use["version"]}
    rows = [
        _row(version.name, figures["model"]),
        _row("Best-LR", figures["best_lr"]),
        _row(before, in_use),
    ]
    return ModelLine(sentence, following, rows, _facts(version.course_id is None, data, figures, version.seed))


def _facts(is_everywhere: bool, data: dict[str, Any], figures: dict[str, Any], seed: int) -> list[str]:
    source = (
        _("Fitted on the log %(file)s.") % {"file": data["file"]}
        if data["source"] == "file"
        else _("Fitted on the answers of all courses of this installation.")
        if is_everywhere
        else _("Fitted on the answers of this course.")
    )
    facts = [source]
    if data["source"] != "file" and data["from"]:
        first, last = (_day(parse_datetime(data[key])) for key in ("from", "until"))
        facts.append(_("They were given from %(first)s to %(last)s.") % {"first": first, "last": last})
    if n := data.get("n_simulated"):
        facts.append(
            ngettext("%(n)s of the learners is simulated.", "%(n)s of the learners are simulated.", n)
            % {"n": _number(n)}
        )
    held_out = figures["held_out"]
    facts.append(
        _(
            "The figures are those of a fit without %(learners)s learners, chosen by chance (seed %(seed)d), on their "
            "%(answers)s answers; each answer is predicted from the same learner's earlier ones."
        )
        % {"learners": _number(held_out["n_learners"]), "answers": _number(held_out["n_rows"]), "seed": seed}
    )
    if figures["compared"]["rows"] != "all":
        facts.append(
            _("Version %(n)d was fitted on these learners too, which flatters its figures.")
            % {"n": figures["in_use"]["version"]}
        )
    return facts + list(data.get("notes", ()))
