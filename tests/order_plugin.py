"""The longest files first, so that with `pytest -n 2` no process ends up waiting for the other one's last file.

xdist's own order is by the number of tests in a file, which puts the few that take minutes last
(`--no-loadscope-reorder` switches it off). Measured with --durations; a file that is not named comes after these.
"""

import pytest

LONGEST = (
    "tests/chaos/",
    "tests/pages/browser/test_everyone.py",
    "tests/practice/test_fits.py",
    "tests/backends/learner_model/test_blend.py",
    "tests/lms_project/test_start.py",
    "tests/practice/test_adapters.py",
    "tests/management/test_evaluate_tutor.py",
    "tests/backends/llm/",
    "tests/practice/test_worker.py",
    "tests/performance/test_worker.py",
    "tests/lms_project/test_set_up.py",
    "tests/backends/learner_model/",
    "tests/pages/browser/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        if file not in places:
            places[file] = next((n for n, name in enumerate(LONGEST) if file.startswith(name)), len(LONGEST))
    items.sort(key=lambda item: places[item.nodeid.partition("::")[0]])
