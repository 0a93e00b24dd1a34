"""Our recommender through the REST API alone, as an LMS would use it: Django's own client, every middleware on the way.

The client speaks to the API inside this process (no socket), so that all of it can be rolled back. The catalogue, the
learners and the answers go in over REST, nothing is fitted beforehand, and the API's clock is the real one: to it all
sessions happen within minutes, while the simulated learners forget between them.
"""

import json
from typing import Any

import numpy as np
from django.conf import settings as django_settings
from django.test import Client

from adaptive.evaluation.policies.base import History, Policy
from adaptive.evaluation.simulators.course import CourseView
from adaptive.evaluation.simulators.numbers import Floats, Ints
from adaptive.tenants.services import tenant_ensure, token_create

from .installing import TITLE, chosen, exercise_of, item_id, learner_id, response_to, skill_id, statistics_refresh

COURSE = "simulated"


class ThroughRest(Policy):
    """Each learner does what stands first in a new slate. Call it inside `thrown_away`."""

    name = "ours"

    def learn(self, view: CourseView, history: History, seed: int) -> None:
        raise ValueError("Through REST the recommender starts cold: there is no history to learn from.")

    def start(self, view: CourseView, learners: Ints, seed: int) -> None:
        self._view, self._ids = view, [learner_id(int(number)) for number in learners]
        self._client = Client(headers={"host": _host()})
        self._tenant = tenant_ensure(slug=f"simulated-rest-{seed}-{len(learners)}", name="Simulated learners")
        # A token for each learner, so that the limit on requests a minute is not what is measured.
        self._tokens = [token_create(tenant=self._tenant, name=name) for name in self._ids]
        self._items = {item_id(item): item for item in range(view.n_items)}
        self._previous = np.zeros(len(learners), dtype=np.int64)
        self._call(0, "PUT", f"courses/{COURSE}/", {"title": TITLE, "language": "en"})
        for skill in range(view.n_skills):
            before = [skill_id(p) for p in view.prerequisites[skill]]
            body = {"name": f"Skill {skill + 1}", "description": "", "prerequisites": before}
            self._call(0, "PUT", f"courses/{COURSE}/skills/{skill_id(skill)}/", body)
        for item in range(view.n_items):
            self._call(0, "PUT", f"courses/{COURSE}/resources/{item_id(item)}/", exercise_of(view, item))
        for name in self._ids:
            self._call(0, "PUT", f"learners/{name}/", {"display_name": name, "language": "en"})
            self._call(0, "PUT", f"courses/{COURSE}/enrolments/{name}/", {"role": "learner"})

    def choose(self, step: int, at: float) -> Ints:
        statistics_refresh(step)
        items: list[int | None] = []
        for n, name in enumerate(self._ids):
            body = {"course": COURSE, "count": 1, "purpose": "practice"}
            slate = self._call(n, "POST", f"learners/{name}/recommendations/", body)
            items.append(self._items[slate["items"][0]["resource"]] if slate["items"] else None)
        return chosen(items, self._previous)

    def observe(self, items: Ints, scores: Floats, at: float) -> None:
        self._previous = items
        for n, name in enumerate(self._ids):
            item = int(items[n])
            body = {
                "learner": name,
                "course": COURSE,
                "resource": item_id(item),
                "response": response_to(item, is_right=bool(scores[n] > 0.5)),
            }
            attempt = self._call(n, "POST", "attempts/", body)
            if attempt["state"] != "assessed" or attempt["assessment"]["score"] != scores[n]:
                raise RuntimeError(f"The API marked {name}'s answer to {item_id(item)} otherwise than it was meant.")

    def _call(self, n: int, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self._client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body).encode(),
            "application/json",
            headers={"Authorization": f"Bearer {self._tokens[n]}"},
            secure=bool(django_settings.SECURE_SSL_REDIRECT),
        )
        if response.status_code not in (200, 201):
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.content[:300].decode()}")
        return json.loads(response.content)


def _host() -> str:
    """A host that this installation answers to."""
    names = [name.lstrip(".") for name in django_settings.ALLOWED_HOSTS if name and name != "*"]
    return names[0] if names else "localhost"
