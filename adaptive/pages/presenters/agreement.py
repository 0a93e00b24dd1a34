"""How AI and teachers agree, as measured, in sentences with their counts."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adaptive.assessment.models import Agreement
from adaptive.pages.markdown import plain_text


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One exercise in the table; shares as per cent."""

    title: str
    marked: str
    agreed: str
    released_from: str
    wrong: str
    at_most: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """sentences: of the course. rows: of its exercises, those with the lowest agreement first."""

    sentences: list[str]
    rows: list[AgreementRow]


def share(value: float) -> str:
    """ "4.9 %" or "97 %": small shares, and those just short of all, need a place after the point."""
    n = round(100 * value, 1)
    if 10 <= n < 99:
        n = round(n)
    return _("%(n)s\u00a0%%") % {"n": number_format(n, 0 if n == int(n) else 1)}


def agreement_sentence(row: Agreement | None) -> str:
    """What was measured, with the counts; for a course or an exercise."""
    if row is None or not row.n_marked:
        return _("Measured agreement of AI and teachers: nothing marked yet.")
    values = {"agreed": row.n_agreed, "n": row.n_marked, "share": share(row.n_agreed / row.n_marked)}
    return (
        ngettext(
            "Measured agreement of AI and teachers: on %(agreed)d of %(n)d marked answer (%(share)s).",
            "Measured agreement of AI and teachers: on %(agreed)d of %(n)d marked answers (%(share)s).",
            row.n_marked,
        )
        % values
    )


def exercise_sentence(row: Agreement | None) -> str:
    """The same of one exercise, on the card of an answer to it."""
    if row is None or not row.n_marked:
        return _("On this exercise the agreement of AI and teachers is not measured yet.")
    values = {"agreed": row.n_agreed, "n": row.n_marked, "share": share(row.n_agreed / row.n_marked)}
    return (
        ngettext(
            "On this exercise AI and teachers agreed on %(agreed)d of %(n)d marked answer (%(share)s).",
            "On this exercise AI and teachers agreed on %(agreed)d of %(n)d marked answers (%(share)s).",
            row.n_marked,
        )
        % values
    )


def release_sentence(row: Agreement | None, *, limit: float) -> str:
    """From which confidence marks count without a person, and what is known of the error there."""
    if limit >= 1.0:
        return _("The measured gate is switched off: marks count from the set confidence on.")
    if row is None or row.threshold is None:
        return _(
            "No AI mark counts without you: an error of at most %(limit)s is not shown yet. Your marks can show it."
        ) % {"limit": share(limit)}
    if not row.n_released:
        return _("AI marks that are at least %(sure)s sure count without you.") % {"sure": share(row.threshold)}
    return _(
        "AI marks that are at least %(sure)s sure count without you: of %(n)d such answers that you marked, %(wrong)d "
        "were wrong; the error is at most %(upper)s (%(chance)s certain), the limit is %(limit)s."
    ) % {
        "sure": share(row.threshold),
        "n": row.n_released,
        "wrong": row.n_wrong,
        "upper": share(row.upper),
        "chance": share(1 - row.delta),
        "limit": share(limit),
    }


def agreement_view(whole: Agreement | None, of_exercises: dict[int, Agreement], *, limit: float) -> AgreementView:
    """of_exercises: with their resources read."""
    sentences = [agreement_sentence(whole), release_sentence(whole, limit=limit)]
    if whole is not None and whole.n_contradictory:
        sentences.append(
            ngettext(
                "%(n)d time the same words were marked in two ways; that counts against agreement.",
                "%(n)d times the same words were marked in two ways; that counts against agreement.",
                whole.n_contradictory,
            )
            % {"n": whole.n_contradictory}
        )
    ordered = sorted(of_exercises.values(), key=lambda row: (row.n_agreed / max(1, row.n_marked), -row.n_marked))
    return AgreementView(sentences, [_row(row) for row in ordered])


def _row(row: Agreement) -> AgreementRow:
    return AgreementRow(
        title=plain_text(row.resource.title) if row.resource else "",
        marked=str(row.n_marked),
        agreed=share(row.n_agreed / row.n_marked) if row.n_marked else "–",
        released_from=_("never") if row.threshold is None else share(row.threshold),
        wrong=_("%(wrong)d of %(n)d") % {"wrong": row.n_wrong, "n": row.n_released} if row.n_released else "–",
        at_most=share(row.upper) if row.n_released else "–",
    )
