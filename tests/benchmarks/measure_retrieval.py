#!/usr/bin/env python3
"""Recall@20 of the nearest resources against exact search, with filters, at 100,000 resources.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/measure_retrieval.py --data FOLDER [--probes 200]

Fills the folder's own database first (see large_course.py: minutes, once). A probe lies near a resource drawn by
chance: its vector with noise added, so that the cosine to it is about .8, as a text about the same thing has. Each
probe is looked for as recommendation.retrieval.vector_search does it, and by sorting all rows that pass the filter.
Exits 1 where recall is under the bar of .98.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from tests.benchmarks.large_course import COURSE, MODEL, arguments, ensure, prepare, size_of  # noqa: E402

BAR, K, NOISE = 0.98, 20, 0.75
ALL = ("exercise", "reading", "worked_example", "video")
SKILLS = (
    "AND EXISTS (SELECT 1 FROM adaptive_resourceskill l WHERE l.resource_id = r.id AND l.skill_id = ANY(%(skills)s))"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.add_argument("--probes", type=int, default=200)
    args = parser.parse_args()
    data = args.data.resolve()
    prepare(data)
    ensure(data, size_of(args))
    from adaptive.catalog.models import Course, Resource
    from adaptive.recommendation.retrieval.vector_search import Probe, nearest

    course = Course.objects.get(external_id=COURSE)
    draws = np.random.default_rng(11)
    rows = Resource.objects.filter(course=course, embedding__isnull=False).order_by("pk")
    ids = draws.choice(np.array(rows.values_list("pk", flat=True)), args.probes, replace=False).tolist()
    vectors = [np.asarray(v, dtype=np.float64) for v in rows.filter(pk__in=ids).values_list("embedding", flat=True)]
    skills = list(course.skills.order_by("pk").values_list("pk", flat=True))
    cases = {
        "every kind": (ALL, "", {}),
        "exercises alone": (("exercise",), "", {}),
        "worked examples (10 %)": (("worked_example",), "", {}),
        "videos (1 %)": (("video",), "", {}),
        "of forty skills (10 %)": (ALL, SKILLS, {"skills": skills[::10]}),
        "short ones": (ALL, "AND r.duration_minutes <= %(minutes)s", {"minutes": 3.0}),
    }
    print(f"{args.probes} probes, {len(ids)} of {rows.count():,} resources\n")
    print(f"{'filter':24} {'rows':>8} {'recall@20':>10} {'worst':>6} {'p50 ms':>7} {'p95 ms':>7} {'exact ms':>9}")
    is_met = True
    for name, (kinds, where, values) in cases.items():
        found, took, took_exact = [], [], []
        for one in vectors:
            noise = draws.normal(size=len(one))
            probe = Probe((one + NOISE * noise / np.linalg.norm(noise)).tolist(), MODEL)
            left_out = draws.choice(ids, 10).tolist()
            asked = {"probes": [probe], "course_id": course.pk, "kinds": kinds, "limit": K}
            asked |= {"exclude": left_out, "where": where, "values": values}
            begun = time.perf_counter()
            (ours,) = nearest(**asked)
            took.append((time.perf_counter() - begun) * 1e3)
            begun = time.perf_counter()
            (exact,) = nearest(**asked, exact_up_to=10**7)
            took_exact.append((time.perf_counter() - begun) * 1e3)
            wanted = {pk for pk, _ in exact}
            found.append(len(wanted & {pk for pk, _ in ours}) / max(len(wanted), 1))
        n = rows.filter(kind__in=kinds).count() if not where else -1
        recall = statistics.mean(found)
        is_met = is_met and recall >= BAR
        quick = sorted(took)
        print(
            f"{name:24} {n if n >= 0 else '':>8} {recall:10.4f} {min(found):6.2f} {statistics.median(took):7.1f} "
            f"{quick[int(0.95 * len(quick))]:7.1f} {statistics.median(took_exact):9.1f}",
            flush=True,
        )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
