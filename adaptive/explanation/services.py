from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import translation

from adaptive.backends.llm.base import LanguageModel
from adaptive.catalog.models import Resource
from adaptive.explanation.counterfactual import Flip, flips_of
from adaptive.explanation.facts import Fact, facts_of
from adaptive.explanation.models import Explanation
from adaptive.explanation.rewording import may_reword_for, reworded
from adaptive.explanation.summarising import summaries_for
from adaptive.explanation.templates import text_of, worded, would_change_text
from adaptive.learners.languages import language_of
from adaptive.recommendation.models import Impression, Slate
from adaptive.recommendation.selectors import receipt_of
from adaptive.recommendation.services import Made
from adaptive.recommendation.types import Candidate


@transaction.atomic
def slate_explain(*, slate: Slate) -> list[Explanation]:
    """Writes the explanation of every place of the slate, in its order; those that are there already stay.

    Four queries however long the slate, two more in the feed and the catalogue. Nothing waits for a model: the plain
    wording is complete. Where the installation, the course and the learner allow a model to reword it, the state is
    pending and `explanation_reword` may be called for it.
    """
    impressions = list(slate.impressions.select_related("explanation").order_by("position"))
    missing = [impression for impression in impressions if not hasattr(impression, "explanation")]
    if missing:
        context, candidates = receipt_of(slate=slate)
        flips = flips_of(context, candidates, [impression.position for impression in missing])
        instead = [flip.instead for flip in flips.values() if flip]
        external_ids = dict(Resource.objects.filter(pk__in=instead).values_list("pk", "external_id"))
        _write(slate, missing, candidates, flips, external_ids)
    return [impression.explanation for impression in impressions]


def made_explain(made: Made) -> list[Explanation]:
    """`slate_explain` of a slate that was made just now, in the same transaction: one query, three in the feed and
    the catalogue."""
    context, candidates = made.outcome.context, made.outcome.candidates
    positions = [impression.position for impression in made.impressions]
    flips = flips_of(context, candidates, positions, decision=made.outcome.decision)
    return _write(made.slate, made.impressions, candidates, flips, made.outcome.external_ids)


def _write(
    slate: Slate,
    impressions: Sequence[Impression],
    candidates: Sequence[Candidate],
    flips: Mapping[int, Flip | None],
    external_ids: Mapping[int, str],
) -> list[Explanation]:
    titles = {candidate.id: candidate.title for candidate in candidates}
    state = Explanation.State.PENDING if may_reword(slate) else Explanation.State.READY
    summaries = summaries_for(slate, impressions, candidates)
    rows = []
    language = language_of(learner=slate.learner, course=slate.course)
    with translation.override(language):
        for impression in impressions:
            facts = worded(facts_of(impression.reasons, title=titles[impression.resource_id]))
            plain = text_of(facts)
            rows.append(
                Explanation(
                    impression=impression,
                    state=state,
                    facts=[fact.to_json() for fact in facts],
                    text=plain,
                    plain_text=plain,
                    language=language,
                    summary=summaries.get(impression.resource_id, {}),
                    would_change_if=_flip_json(flips[impression.position], external_ids),
                )
            )
    Explanation.objects.bulk_create(rows)
    for row in rows:
        row.impression.explanation = row
    return rows


def _flip_json(flip: Flip | None, external_ids: Mapping[int, str]) -> dict[str, Any] | None:
    """With the resource's external id beside our own, because the REST interface shows it."""
    if flip is None:
        return None
    return {**asdict(flip), "resource": external_ids.get(flip.instead, ""), "text": would_change_text(flip)}


def may_reword(slate: Slate) -> bool:
    return may_reword_for(learner=slate.learner, course=slate.course)


def explanation_reword(*, explanation_id: int, llm: LanguageModel) -> bool:
    """Lets the model say a pending explanation in its own words; True where these now stand.

    They stand only if every number and name in them is among the facts; else the plain wording does, and what was
    refused is kept. Safe to run again and twice at once: only a pending explanation changes, and only once.
    """
    found = (
        Explanation.objects.select_related("impression__slate__learner__user", "impression__slate__course")
        .filter(pk=explanation_id, state=Explanation.State.PENDING)
        .first()
    )
    if found is None:
        return False
    slate = found.impression.slate
    if not may_reword(slate):
        # Consent and settings as of now: whoever took their consent back meanwhile is not served by a model any more.
        Explanation.objects.filter(pk=found.pk, state=Explanation.State.PENDING).update(state=Explanation.State.READY)
        return False
    facts = [Fact.from_json(row) for row in found.facts]
    said = reworded(facts, llm=llm, other_names=_other_names(slate, facts), learner=slate.learner, subject=found)
    changes: dict[str, Any] = {"state": Explanation.State.READY}
    if said.text or said.refused:
        changes |= {"model": said.model, "prompt_version": said.prompt_version}
    if said.text:
        changes["text"] = said.text
    elif said.refused:
        changes["refused_text"] = said.refused
    changed = Explanation.objects.filter(pk=found.pk, state=Explanation.State.PENDING).update(**changes)
    return bool(changed) and bool(said.text)


def _other_names(slate: Slate, facts: list[Fact]) -> list[str]:
    """Skills and titles that this explanation does not speak of, though the slate knows them."""
    own = {name for fact in facts for name in fact.names}
    names = {row["name"] for row in slate.context.get("skills", [])} | {row["title"] for row in slate.candidates}
    return sorted(names - own)
