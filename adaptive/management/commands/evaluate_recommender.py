"""Plays recommendation policies against simulated learners whose truth is known, or ranks next items on a real log."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adaptive.backends.learner_model.logs import read_log
from adaptive.common.errors import InvalidInput
from adaptive.common.files import check_writable, write_json
from adaptive.evaluation.evaluating import THROUGH, Order, evaluate_world, report_of, sentence_of
from adaptive.evaluation.exploits import find_exploit
from adaptive.evaluation.measures import log_table_of, table_of
from adaptive.evaluation.next_item import evaluate_log
from adaptive.evaluation.policies import POLICIES
from adaptive.evaluation.policies.ours import Ours
from adaptive.evaluation.running import HISTORY_LEARNERS
from adaptive.evaluation.simulators import WORLDS

MOST_LEARNERS = 20_000


class Command(BaseCommand):
    help = (
        "Plays our policy, random, fixed order, lowest mastery first, mastery order, greedy expected gain and the "
        "one-step oracle against simulated learners, and tells how far each comes from random to the oracle. With "
        "--log: full ranking of the next item on a log of real answers. Memory needs no database; what --through "
        "services or rest writes is rolled back at the end."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--learners", type=int, help="1,000 in memory, else 100; with --log: test learners at most")
        parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS), metavar="WORLD")
        parser.add_argument("--policies", nargs="+", choices=list(POLICIES), default=list(POLICIES), metavar="POLICY")
        parser.add_argument("--seed", type=int, default=0, help="another seed is another course with other learners")
        parser.add_argument("--through", choices=THROUGH, default="memory", help="how our policy is reached")
        parser.add_argument(
            "--fit-on-history", action="store_true", help="policies first learn from others who practised at random"
        )
        parser.add_argument("--history", type=int, default=HISTORY_LEARNERS, help="how many others (default 500)")
        parser.add_argument("--authored", choices=("noisy", "true", "none"), default="noisy", help="difficulties shown")
        parser.add_argument(
            "--minutes", choices=("equal", "varied"), default="equal", help="that exercises say to take"
        )
        parser.add_argument("--slope-spread", type=float, help="SD of the logarithm of skills' slopes, else as fitted")
        parser.add_argument("--sessions", type=int, help="5; through rest 3")
        parser.add_argument("--per-session", type=int, default=10)
        parser.add_argument("--processes", type=int, default=1, help="for our policy in memory")
        parser.add_argument("--exploits", action="store_true", help="look for learner-blind paths that beat the oracle")
        parser.add_argument("--log", metavar="CSV", help="a log: learner, item, skills, correct, position, ...")
        parser.add_argument("--report", metavar="REPORT.json", help="where the figures go")

    def handle(self, *args: Any, **options: Any) -> None:
        order = self._order(options)
        try:
            if options["report"]:
                check_writable(Path(options["report"]))
            if options["log"]:
                report, last = self._log(options)
            elif options["exploits"]:
                report, last = self._exploits(order)
            else:
                report, last = self._worlds(order)
            if options["report"]:
                write_json(Path(options["report"]), report)
                last += f". Report: {options['report']}"
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        self.stdout.write(last)

    def _order(self, options: dict[str, Any]) -> Order:
        through = options["through"]
        n = (1000 if through == "memory" else 100) if options["learners"] is None else options["learners"]
        sessions = (3 if through == "rest" else 5) if options["sessions"] is None else options["sessions"]
        for name, value, most in (
            ("learners", n, MOST_LEARNERS),
            ("sessions", sessions, 50),
            ("per-session", options["per_session"], 50),
            ("processes", options["processes"], 64),
            ("history", options["history"], 100_000),
        ):
            if not 1 <= value <= most:
                raise CommandError(f"--{name} is a number from 1 to {most:,}.", returncode=2)
        if not 0 <= options["seed"] < 2**32:
            raise CommandError("--seed is a whole number, 0 or more.", returncode=2)
        if options["slope_spread"] is not None and not 0.0 <= options["slope_spread"] <= 2.0:
            raise CommandError("--slope-spread is a number from 0 to 2.", returncode=2)
        if through == "rest" and options["fit_on_history"]:
            raise CommandError("Through REST the recommender starts cold: leave out --fit-on-history.", returncode=2)
        return Order(
            worlds=[world for world in WORLDS if world in options["worlds"]],
            policies=options["policies"],
            n_learners=n,
            seed=options["seed"],
            through=through,
            fits_on_history=options["fit_on_history"],
            n_history=options["history"],
            processes=options["processes"],
            authored=options["authored"],
            minutes=options["minutes"],
            slope_log_sd=options["slope_spread"],
            n_sessions=sessions,
            per_session=options["per_session"],
        )

    def _worlds(self, order: Order) -> tuple[dict[str, Any], str]:
        results = []
        for world in order.worlds:
            result = evaluate_world(order, world, say=self._say)
            results.append(result)
            self.stdout.write(f"\n{world}: {order.n_learners:,} learners, E0 {result.before:.3f}")
            self.stdout.write(table_of(result.figures))
        self.stdout.write("")
        return report_of(order, results), sentence_of(results)

    def _exploits(self, order: Order) -> tuple[dict[str, Any], str]:
        found = {}
        for world in order.worlds:
            if world == "null":  # there everything ties
                continue
            exploit = find_exploit(world, n_learners=min(order.n_learners, 200), seed=order.seed)
            found[world] = exploit
            self.stdout.write(
                f"{world}: best of {exploit.n_tried} blind paths {exploit.score:.4f} ({exploit.kind}), "
                f"oracle {exploit.oracle:.4f}"
            )
        bad = [world for world, exploit in found.items() if exploit.is_exploit]
        report = {world: {**e.to_json(), "is_exploit": e.is_exploit} for world, e in found.items()}
        return report, f"beaten in: {', '.join(bad)}" if bad else "no blind path beats the oracle"

    def _log(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        log = read_log(options["log"], on_progress=lambda n: self._say(f"read {n:,} rows"))
        report = evaluate_log(
            log.histories,
            policy=Ours(),
            fits=options["fit_on_history"],
            most_learners=options["learners"] or MOST_LEARNERS,
            seed=options["seed"],
            say=self._say,
        )
        for which, words in (("later_success", "where success came later"), ("all", "all")):
            self.stdout.write(f"\nnext item, {words}:")
            self.stdout.write(log_table_of(report[which]))
        ours = report["later_success"]["ours"]
        if "mrr" not in ours:
            raise InvalidInput("No test learner of the log has enough answers to rank anything.")
        last = f"\nours, where success came later: mrr {ours['mrr']['value']:.3f} on {ours['n_events']:,} events"
        return {"log": options["log"], **report}, last

    def _say(self, words: str) -> None:
        self.stderr.write(words, style_func=str)  # progress, not an error, so not in red
        self.stderr.flush()
