"""Time our library beside its peers, from the command line: ``python benches/peers/run.py --table``.

Two resident processes, one per side, take turns; values are compared before a time is printed. See benches/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # The folder of this file holds netrep.py, dcor.py, ...: leave their names to the packages.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from peers import _report
from peers._common import Gate, Size, Worker, WorkerError, difference, environment_record, make_data, note
from peers._jobs import JOBS
from peers._limits import Limits
from peers._worker import OURS, serve

if TYPE_CHECKING:
    from types import ModuleType

    from peers._jobs import Job

HERE = Path(__file__).resolve().parent
PEERS = ("numpy_reference", "netrep", "scikit_bio", "dcor", "hyppo", "rsatoolbox", "ourselves")
RESULTS = HERE / "results" / "table.jsonl"
README = HERE.parent / "README.md"
WARM_UP = 5.0  # seconds


@dataclass
class Session:
    """One invocation: its settings, its workers, what it has found."""

    settings: argparse.Namespace
    folder: Path
    limits: dict[int, Limits] = field(default_factory=dict)
    workers: dict[tuple[str, int], Worker] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, line: dict[str, Any]) -> None:
        """Write a line beside the table at once: a run that is stopped has kept what it found."""
        self.lines.append(line)
        with self.settings.out.open("a") as out:
            out.write(json.dumps(line) + "\n")

    def start(self, name: str, threads: int) -> Worker:
        """Start a process for one side."""
        ours = name == self.settings.ours
        python = (self.settings.ours_env if ours else self.settings.env) or sys.executable
        extra = {} if name in (OURS, "limits") else _peer(name).threads(threads)
        return Worker(name, threads, python, self.folder / f"{name}.log", extra)

    def worker(self, name: str, threads: int, role: str = "ours") -> Worker | None:
        """Return the resident process of one side, or None if its package is missing."""
        if name in self.absent:
            return None
        known = self.workers.get((role + name, threads))
        if known is not None and known.process.poll() is None:
            return known
        worker = self.start(name, threads)
        try:
            found = worker.ask("describe")
        except WorkerError as error:
            found = {"available": False, "why": str(error)}
        if not found["available"]:
            worker.close()
            self.absent.add(name)
            why = found.get("why", "not installed")
            note(f"{name}: skipped, {why}")
            self.keep({"kind": "skipped", "name": name, "why": why})
            return None
        self.keep({"kind": "worker", "name": name, "threads": threads, **found})
        note(f"{name}, threads {threads}: {found['versions']}, BLAS {found['kernels'] or 'none loaded'}")
        self.workers[role + name, threads] = worker
        return worker

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says."""
    settings = _arguments(arguments)
    if settings.worker:
        serve(settings.worker, int(settings.threads))
        return 0
    if settings.report is not None:
        README.write_text(_report.into(README.read_text(), _report.report(_report.read(settings.report))))
        note(f"wrote the results of {settings.report.name} into {README.name}")
        return 0
    settings.out.parent.mkdir(parents=True, exist_ok=True)
    settings.out.write_text("")
    with tempfile.TemporaryDirectory(prefix="benches-") as folder:
        session = Session(settings, Path(folder))
        try:
            failed = _run(session, sys.argv[1:] if arguments is None else arguments)
        finally:
            session.close()
    print(_report.report(session.lines))
    note(f"raw lines: {settings.out.name}")
    return int(failed)


def _run(session: Session, arguments: list[str]) -> bool:
    """Run all jobs; tell whether any pair of values differed."""
    settings = session.settings
    session.keep(environment_record(arguments))
    counts = _threads(settings.threads)
    chosen = {name: _size(JOBS[name], settings) for name in settings.job}
    if not settings.no_limits:
        for count in counts:
            _measure_limits(session, count, chosen)
    if settings.limits:
        return False
    failed = False
    for name, size in chosen.items():
        folder = session.folder / name
        folder.mkdir()
        make_data(JOBS[name].data, size, JOBS[name].noise, settings.seed).save(folder)
        for count in counts:
            for peer in _peers_of(name, settings):
                row = _row(session, name, size, count, peer)
                if row is not None:
                    session.keep(row)
                    note(_report.line(row))
                    failed |= row.get("differs", False)
        for file in folder.iterdir():
            file.unlink()
    return failed


def _row(session: Session, name: str, size: Size, count: int, peer: str) -> dict[str, Any] | None:
    """Time one job beside one peer."""
    job, settings, folder = JOBS[name], session.settings, session.folder / name
    ours = session.worker(settings.ours, count, "ours")
    theirs = session.worker(peer, count, "theirs")
    if ours is None or theirs is None:
        return None
    row: dict[str, Any] = {
        "kind": "row",
        "job": name,
        "size": str(size),
        "dtype": "f64",
        "threads": count,
        "peer": peer,
    }
    sides: dict[str, dict[str, Any]] = {}
    order = (("ours", ours), ("theirs", theirs))
    for label, worker in order:
        try:
            prepared = worker.ask("prepare", job=name, folder=str(folder), full=settings.full)
            first = worker.ask("value")
        except WorkerError as error:
            return row | {"problem": f"{worker.name}: {error}"}
        sides[label] = {
            "name": worker.name,
            "setup": prepared["setup_seconds"],
            "scaled": prepared["scaled"],
            "first": first["first_seconds"],
            "value": first["value"],
            "seconds": [],
        }
        worker.wait_until_asleep()
    row["difference"], why = difference(sides["ours"]["value"], sides["theirs"]["value"], job.tolerance)
    for side in sides.values():
        side["value"] = {key: numbers[:8] for key, numbers in side["value"].items()}
    if why:
        return row | {"problem": f"no time, values differ: {why}", "differs": True} | sides
    row |= sides
    repeats = {}
    for label, worker in order:
        # A long first call was warm-up enough.
        long = row[label]["first"] > WARM_UP
        repeats[label] = 1 if long else worker.ask("calibrate", least=settings.least)["repeats"]
        worker.wait_until_asleep()
    row["repeats"] = repeats
    row["clean"] = _take_turns(row, order, repeats, settings)
    if not settings.no_memory and count == max(_threads(settings.threads)):
        for label, worker in order:
            row[label]["peak_mb"] = _peak(session, worker.name, name, folder, count)
    if job.limit is not None and count in session.limits:
        seconds, what = job.limit(size, session.limits[count])
        row["limit"] = {"seconds": seconds, "what": what}
    return row


def _take_turns(
    row: dict[str, Any],
    order: tuple[tuple[str, Worker], ...],
    repeats: dict[str, int],
    settings: argparse.Namespace,
) -> bool:
    """Run ours, theirs, ours, ... until enough pairs are free of foreign load; tell whether there is any."""
    gate = Gate(settings.patience)
    pairs: list[tuple[dict[str, float], bool]] = []
    end = time.monotonic() + settings.budget
    while sum(clean for _, clean in pairs) < settings.rounds and len(pairs) < 3 * settings.rounds:
        if time.monotonic() > end and len(pairs) >= min(3, settings.rounds):
            break
        pair, shares = {}, []
        for (label, worker), (_, other) in zip(order, order[::-1], strict=True):
            other.wait_until_asleep()
            gate.wait_for_quiet(worker)
            started = gate.start(worker)
            pair[label] = worker.ask("run", repeats=repeats[label])["seconds"]
            shares.append(gate.foreign(worker, started) or 0.0)
        pairs.append((pair, max(shares) <= gate.LIMIT))
    clean = [pair for pair, good in pairs if good]
    for label, _ in order:
        row[label]["seconds"] = [pair[label] for pair in clean or [pair for pair, _ in pairs]]
        row[label]["all_seconds"] = [pair[label] for pair, _ in pairs]
    row["dropped"] = len(pairs) - len(clean)
    return bool(clean)


def _peak(session: Session, name: str, job: str, folder: Path, count: int) -> float | None:
    """Return the peak memory of a call in a fresh process."""
    worker = session.start(name, count)
    try:
        worker.ask("describe")
        worker.ask("prepare", job=job, folder=str(folder), full=False)
        return float(worker.ask("memory")["peak_mb"])
    except WorkerError:
        return None
    finally:
        worker.close()


def _measure_limits(session: Session, count: int, chosen: dict[str, Size]) -> None:
    products = [shape for name, size in chosen.items() for shape in JOBS[name].products(size)]
    calls = [call for name, size in chosen.items() for call in JOBS[name].decompositions(size)]
    worker = session.start("limits", count)
    try:
        shapes = {"products": _distinct(products), "decompositions": _distinct(calls)}
        found = worker.ask("limits", **shapes, quick=session.settings.quick)
    except WorkerError as error:
        note(f"limits, threads {count}: not measured, {error}")
        return
    finally:
        worker.close()
    session.keep({"kind": "limits", **found})
    session.limits[count] = Limits.read(found, session.limits.get(1))
    note(f"limits, threads {count}: {found['gemm'] / 1e9:.0f} GFLOP/s, {found['triad'] / 1e9:.0f} GB/s")


def _distinct(shapes: list[list[Any]]) -> list[list[Any]]:
    return [list(shape) for shape in dict.fromkeys(tuple(shape) for shape in shapes)]


def _peers_of(name: str, settings: argparse.Namespace) -> list[str]:
    """Return the peers to set beside a job: those that were asked for and know it."""
    wanted = settings.peers or ["numpy_reference", *JOBS[name].peers]
    return [peer for peer in wanted if name in _peer(peer).JOBS]


def _peer(name: str) -> ModuleType:
    return import_module(f"peers.{name}")


def _size(job: Job, settings: argparse.Namespace) -> Size:
    usual = job.quick if settings.quick else job.size
    return Size.parse(settings.size, usual.layers) if settings.size and job.data != "tiny" else usual


def _threads(text: str) -> list[int]:
    cores = environment_record([])["cores"]
    return sorted({cores if part == "all" else int(part) for part in text.split(",")})


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    def names(known: tuple[str, ...]) -> Any:
        def read(text: str) -> list[str]:
            found = list(known) if text == "all" else text.split(",")
            for name in found:
                if name not in known:
                    raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
            return found

        return read

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", action="store_true", help="run all jobs that have a target")
    what.add_argument("--job", type=names(tuple(JOBS)), help=f"run these, with commas: {', '.join(JOBS)}, or all")
    what.add_argument("--limits", action="store_true", help="only measure the machine")
    what.add_argument(
        "--report", type=Path, nargs="?", const=RESULTS, help="write the results of a file into benches/README.md"
    )
    what.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--size", help="5000x768, or 2000x768x24 for two networks of 24 layers")
    parser.add_argument("--threads", default="1,all", help="such as 1,2 (default: 1,all)")
    parser.add_argument("--peers", type=names(PEERS), help=f"with commas: {', '.join(PEERS)}, or all")
    parser.add_argument("--quick", action="store_true", help="small sizes, few runs: tests the runner, not the speed")
    parser.add_argument("--full", action="store_true", help="run in full what is otherwise scaled from a part")
    parser.add_argument("--env", help="the Python in whose environment the peers are installed")
    parser.add_argument("--ours-env", help="the Python in whose environment we are installed")
    parser.add_argument("--ours", default=OURS, help="put a peer in our place, to test the runner")
    parser.add_argument("--rounds", type=int, help="pairs of runs (default 5)")
    parser.add_argument("--least", type=float, help="seconds that a run takes at least (default 0.05)")
    parser.add_argument("--budget", type=float, default=180.0, help="seconds after which 3 pairs of runs are enough")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for a quiet machine, per row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-memory", action="store_true", help="do not measure peak memory")
    parser.add_argument("--no-limits", action="store_true", help="do not measure the machine")
    parser.add_argument("--out", type=Path, help="where the raw lines go (default: benches/peers/results/)")
    settings = parser.parse_args(arguments)
    settings.job = settings.job or [name for name, job in JOBS.items() if job.has_target]
    quick = settings.quick
    settings.rounds = settings.rounds or (2 if quick else 5)
    settings.least = settings.least or (0.01 if quick else 0.05)
    if quick:
        settings.patience = 0.0
        settings.full = True
    if settings.out is None:
        known = settings.table and not quick and settings.ours == OURS
        settings.out = RESULTS if known else RESULTS.with_name("last.jsonl")
    return settings


if __name__ == "__main__":
    raise SystemExit(main())
