"""`python -m tests.chaos [--submissions 900] [--kills 15] [--real-models]`: the drill, and its figures as JSON."""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.chaos.drill import drill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=900)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=75.0, help="over how long they are spread")
    parser.add_argument("--real-models", action="store_true", help="SmolLM2 and MiniLM instead of a stand-in")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="adaptive-drill-"))
    report = drill(
        folder,
        n_submissions=options.submissions,
        n_kills=options.kills,
        seconds=options.seconds,
        settings="lms_project.settings" if options.real_models else "tests.chaos.settings",
        share_in_words=1 / 6 if options.real_models else 2 / 3,  # a real model reads about one answer a second
    )
    print(json.dumps(asdict(report), indent=2))
    if report.problems:
        print(f"The logs are in {folder}.", file=sys.stderr)
        raise SystemExit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
