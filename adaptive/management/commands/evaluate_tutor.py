"""How the tutor handles our own eighty requests (fixtures/tutor), in a transaction that is rolled back."""

import json
import re
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from adaptive.backends.registry import get_light_embedding
from adaptive.catalog.content import course_folder_load
from adaptive.catalog.embedding import resources_embed
from adaptive.catalog.models import Course, Resource
from adaptive.catalog.services import resource_put
from adaptive.conversation.models import TutorMessage
from adaptive.conversation.selectors import cited, messages_of, resources_cited
from adaptive.conversation.services import conversation_start, message_post
from adaptive.conversation.types import EXPLAINS, RECOMMENDS
from adaptive.learners.models import Learner
from adaptive.learners.services import enrolment_put, learner_put
from adaptive.practice.demo.services import fixtures_folder
from adaptive.recommendation.wishes.keeping import keeps
from adaptive.recommendation.wishes.types import Constraint
from adaptive.tenants.services import tenant_ensure

TENANT = "tutor-evaluation"
SETS = {"1": "requests.json", "2": "requests-2.json"}
LOW = 1e-9
SHORTEST_WORDS = 4


class Command(BaseCommand):
    help = "Runs the tutor on fixtures/tutor/requests.json: handled as labelled, answers given away, links to nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", action="store_true", help="print every reply")
        parser.add_argument("--set", choices=SETS, default="1", help="which requests: 1 the eighty, 2 forty more")
        parser.add_argument("--no-vectors", action="store_true", help="search by words alone")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = fixtures_folder().parent
        requests = json.loads((folder / "tutor" / SETS[options["set"]]).read_text(encoding="utf-8"))
        with transaction.atomic():
            courses, learner = load(folder)
            if not options["no_vectors"] and (embedding := get_light_embedding()):
                while resources_embed(embedding=embedding):
                    pass
            outcomes = [ask(request, courses[request["course"]], learner) for request in requests]
            transaction.set_rollback(True)
        self._print(outcomes, show=options["show"])

    def _print(self, outcomes: list[dict[str, Any]], *, show: bool) -> None:
        for outcome in outcomes:
            if show or outcome["wrong"] or outcome["leaks"] or outcome["dead_links"]:
                mark = "wrong" if outcome["wrong"] else "right"
                self.stdout.write(
                    f"{outcome['id']} {mark}: {outcome['text']!r} -> {outcome['said']} {outcome['wrong']}"
                )
                for line in outcome["lines"]:
                    self.stdout.write(f"      {line}")
        kinds = Counter(outcome["kind"] for outcome in outcomes)
        right = Counter(outcome["kind"] for outcome in outcomes if not outcome["wrong"])
        for kind, n in kinds.items():
            self.stdout.write(f"{kind:10} {right[kind]:3} of {n}")
        n_right, n = sum(right.values()), len(outcomes)
        self.stdout.write(f"handled as labelled: {n_right} of {n} ({n_right / n:.1%})")
        self.stdout.write(f"answers given away: {sum(len(outcome['leaks']) for outcome in outcomes)}")
        self.stdout.write(f"links to nothing: {sum(len(outcome['dead_links']) for outcome in outcomes)}")


def load(folder: Path) -> tuple[dict[str, Course], Learner]:
    """The courses with their extras and a learner who has answered nothing, in a tenant of their own."""
    tenant = tenant_ensure(slug=TENANT, name="Tutor evaluation")
    places = [*sorted((folder / "courses").iterdir()), folder / "requests" / "brueche"]
    courses = {place.name: course_folder_load(tenant=tenant, folder=place) for place in places}
    extras = json.loads((folder / "requests" / "extras.json").read_text(encoding="utf-8"))
    for course_id, resources in extras.items():
        skills = dict(courses[course_id].skills.values_list("external_id", "pk"))
        for resource in resources:
            resource_put(course=courses[course_id], external_id=resource["id"], data=resource, skill_ids=skills)
    learner, _ = learner_put(tenant=tenant, external_id="tutor-evaluation", display_name="Nobody")
    for course in courses.values():
        enrolment_put(learner=learner, course=course)
    return courses, learner


def ask(request: dict[str, Any], course: Course, learner: Learner) -> dict[str, Any]:
    """One request, in a conversation of its own."""
    exercise = Resource.objects.get(course=course, external_id=request["open"]) if "open" in request else None
    talk = conversation_start(learner=learner, course=course, exercise=exercise)
    for text in [*request.get("before", ()), request["text"]]:
        TutorMessage.objects.filter(conversation__learner=learner).update(created_at="2026-01-01T00:00:00Z")
        message_post(conversation=talk, text=text)
    replies = [one for one in messages_of(conversation=talk) if one.role == TutorMessage.Role.TUTOR]
    reply = replies[-1]
    rows = resources_cited(course=course, messages=replies)
    return {
        **{name: request[name] for name in ("id", "kind", "text")},
        "said": f"{reply.act}/{reply.reply['code']}",
        "wrong": _what_is_wrong(request, reply, rows, course),
        "leaks": [leak for one in replies for leak in given_away(one, course, request.get("of"))],
        "dead_links": [pk for one in replies for pk in cited(one) if pk not in rows],
        "lines": _lines(reply, rows),
    }


def _items(reply: TutorMessage) -> list[Any]:
    return list(reply.slate.impressions.all()) if reply.slate else []


def _lines(reply: TutorMessage, rows: dict[int, Resource]) -> list[str]:
    lines = [reply.text]
    lines += [
        f"“{p['quote']}” ({rows[p['resource']].external_id})" for p in reply.reply["passages"] if p["resource"] in rows
    ]
    lines += [f"* {item.resource.external_id}: {item.resource.title}" for item in _items(reply)]
    return lines + [f"[{choice}]" for choice in reply.reply["choices"]]


def _what_is_wrong(request: dict[str, Any], reply: TutorMessage, rows: dict[int, Resource], course: Course) -> str:
    if reply.act not in request["expect"]:
        return f"not {' or '.join(request['expect'])}"
    if reply.act == RECOMMENDS:
        if not _items(reply):
            return "recommends nothing"
        return _not_kept(request.get("keeps", {}), reply, course)
    if reply.act == EXPLAINS:
        quoted = {rows[p["resource"]].external_id for p in reply.reply["passages"] if p["quote"]}
        if not quoted:
            return "quotes nothing"
        if not quoted & set(request.get("from", ())):
            return f"quotes {', '.join(sorted(quoted))}"
    return ""


class _Item:
    """What `keeping` asks of an item."""

    def __init__(self, resource: Resource) -> None:
        self.kind, self.minutes, self.has_pictures = resource.kind, resource.duration_minutes, resource.has_pictures
        links = resource.skill_links.order_by("position")
        self.skills = tuple(links.values_list("skill__external_id", flat=True))
        self.difficulty = resource.authored_difficulty


def _not_kept(wanted: dict[str, Any], reply: TutorMessage, course: Course) -> str:
    for item in _items(reply):
        for code, value in wanted.items():
            constraint = Constraint(code, tuple(value) if isinstance(value, list) else value, "")
            if not keeps(constraint, _Item(item.resource)):
                return f"{item.resource.external_id} does not keep {code}"
    return ""


# A second, simpler reading of "given away" than the tutor's own check, so that one slip does not hide another.


def _folded(text: str) -> str:
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2 ", text)
    text = re.sub(r"\\[a-z]+|[$*_\\]", " ", text.lower().replace("−", "-"))
    return " ".join(re.findall(r"\d+(?:[./,]\d+)*|[^\W\d_]+", text))


def given_away(reply: TutorMessage, course: Course, of: str | None) -> list[str]:
    """External ids of exercises whose answer stands in the reply: of any exercise a reference answer, accepted text or
    last hint (six words of it in a row); of the one fished for its explanation, too, and any form of its key."""
    shown = " ".join([reply.text, reply.reworded, *(f"{p['heading']} {p['quote']}" for p in reply.reply["passages"])])
    text = f" {_folded(shown)} "
    found = []
    for exercise in Resource.objects.filter(course=course, kind=Resource.Kind.EXERCISE).defer("embedding", "search"):
        answer = exercise.answer
        texts = {choice["id"]: choice["text"] for choice in exercise.choices}
        right = [texts.get(c, "") for c in (answer.get("choice"), *answer.get("choices", ())) if c]
        long = [*answer.get("references", ()), *answer.get("accepted", ()), *exercise.hints[-1:]]
        is_said = any(_in_a_row(one, text) for one in long)
        if exercise.external_id == of:
            is_said = is_said or _in_a_row(exercise.explanation, text)
            is_said = is_said or any(f" {key} " in text for key in _short_keys(answer, right))
        if is_said:
            found.append(exercise.external_id)
    return found


def _in_a_row(answer: str, text: str, n: int = 6) -> bool:
    words = _folded(answer).split()
    runs = [words] if SHORTEST_WORDS <= len(words) <= n else [words[i : i + n] for i in range(len(words) - n + 1)]
    return any(f" {' '.join(run)} " in text for run in runs)


def _short_keys(answer: dict[str, Any], right: list[str]) -> set[str]:
    keys = {_folded(one) for one in right}
    keys |= {_folded(text) for gap in answer.get("gaps", ()) for text in gap}
    for value in [answer.get("value"), *answer.get("values", ())]:
        if value is not None:
            keys |= {f"{value:g}", _folded(str(value))}
    return keys - {""}
