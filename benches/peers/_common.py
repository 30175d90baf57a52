"""What every part of the runner shares: data, values, the environment, worker processes, the noise gate."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    # What a call returns: one number, a grid of them (NaN where not computed), or the named numbers of a test.
    Value: TypeAlias = float | Array | Mapping[str, float | None]

ROOT = Path(__file__).resolve().parents[2]

# Some environments force AVX2 kernels or odd cache sizes on OpenBLAS, which no user sees.
REMOVED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RESEMBLANCE_NUM_THREADS",
)
SHOWN_FLAGS = ("avx512f", "avx512_bf16", "avx2", "fma", "asimd", "sve")


# Data ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    """Rows, columns, and the number of layers per network where a job compares two networks."""

    n: int
    d: int
    layers: int = 1

    def __str__(self) -> str:
        pairs = f", {self.layers} x {self.layers} layers" if self.layers > 1 else ""
        return f"{self.n} x {self.d}{pairs}"

    @classmethod
    def parse(cls, text: str, layers: int) -> Size:
        """Read ``5000x768`` or ``2000x768x24``."""
        numbers = [int(part) for part in text.split("x")]
        return cls(*numbers) if len(numbers) == 3 else cls(numbers[0], numbers[1], layers)


@dataclass
class Data:
    """The arrays of a job, the same numbers for all sides."""

    xs: list[Array]
    ys: list[Array]
    full: bool = False  # run in full what is otherwise scaled from a probe

    @property
    def x(self) -> Array:
        return self.xs[0]

    @property
    def y(self) -> Array:
        return self.ys[0]

    def save(self, folder: Path) -> None:
        np.save(folder / "xs.npy", np.stack(self.xs))
        np.save(folder / "ys.npy", np.stack(self.ys))

    @classmethod
    def load(cls, folder: Path, full: bool) -> Data:
        xs, ys = (list(np.load(folder / name)) for name in ("xs.npy", "ys.npy"))
        return cls(xs, ys, full)


def make_data(kind: str, size: Size, noise: float, seed: int) -> Data:
    """Make the arrays of a job: a pair with a decaying spectrum, two networks of layers, or a few numbers."""
    rng = np.random.default_rng([seed, size.n, size.d])
    if kind == "tiny":
        return Data([rng.standard_normal((size.n, size.d))], [rng.standard_normal((size.n, size.d))])
    x = _decaying(rng, size)
    if kind == "layers":
        return Data(_network(rng, x, size.layers), _network(rng, x, size.layers))
    mapped = x @ (rng.standard_normal((size.d, size.d)) / np.sqrt(size.d))
    return Data([x], [mapped + noise * mapped.std() * rng.standard_normal(mapped.shape)])


def _decaying(rng: np.random.Generator, size: Size) -> Array:
    rank = max(8, size.d // 4)
    latent = rng.standard_normal((size.n, rank)) / np.sqrt(1 + np.arange(rank))
    spread: Array = latent @ rng.standard_normal((rank, size.d)) / np.sqrt(rank)
    return spread + 0.1 * rng.standard_normal((size.n, size.d)) + 0.3


def _network(rng: np.random.Generator, hidden: Array, count: int) -> list[Array]:
    width = hidden.shape[1]
    layers = []
    for _ in range(count):
        weights = rng.standard_normal((width, width)) / np.sqrt(width)
        hidden = 0.7 * np.maximum(hidden @ weights, 0) + 0.5 * hidden + 0.05 * rng.standard_normal(hidden.shape)
        layers.append(hidden)
    return layers


# Values --------------------------------------------------------------------------------------------------------------


@dataclass
class Probe:
    """A call too long to run in full: its parts, each with how many times longer the whole of it would take."""

    parts: list[tuple[Callable[[], object], float]]
    value: Callable[[], Value]

    @property
    def scaled(self) -> bool:
        return any(factor != 1 for _, factor in self.parts)


def as_json(value: Value) -> dict[str, list[float | None]]:
    """Write a value as lists of numbers under names; what is not there is None."""
    if isinstance(value, dict):
        return {name: [None if number is None else float(number)] for name, number in value.items()}
    flat = np.asarray(value, dtype=np.float64).ravel()
    return {"value": [float(number) if np.isfinite(number) else None for number in flat]}


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any], tolerance: float) -> tuple[float, str | None]:
    """Return the largest relative difference of two values, and a sentence if they are not equal.

    What they did not compute is not compared; what they have and we have not is a difference. p-values may differ by
    chance: they are held to the binomial error of the number of permutations.
    """
    largest, compared = 0.0, 0
    for name in ours.keys() & theirs.keys() - {"permutations"}:
        if len(ours[name]) != len(theirs[name]):
            return float("inf"), f"{name}: {len(ours[name])} numbers against {len(theirs[name])}"
        for a, b in zip(ours[name], theirs[name], strict=True):
            if b is None:  # they did not compute it
                continue
            if a is None:
                return float("inf"), f"{name} is missing or not finite here, and {b} there"
            compared += 1
            if name == "pvalue":
                count = min(side["permutations"][0] for side in (ours, theirs))
                if abs(a - b) > 4 * np.sqrt(2 * max(a, b) * (1 - min(a, b)) / count) + 2 / count:
                    return largest, f"p-values {a} and {b} differ by more than chance"
                continue
            found = abs(a - b) / max(abs(a), abs(b), 1e-300) if a != b else 0.0
            largest = max(largest, found)
            if not found <= tolerance:
                return largest, f"{name} {a!r} against {b!r}: relative difference {found:.1e}, allowed {tolerance:.0e}"
    return (largest, None) if compared else (float("inf"), "there is no number to compare")


# Environment ---------------------------------------------------------------------------------------------------------


def worker_environment(threads: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a timed process: the same number of threads for every library, no forced kernels."""
    environment = {name: value for name, value in os.environ.items() if name not in REMOVED}
    return environment | dict.fromkeys(THREAD_VARIABLES, str(threads)) | dict(extra)


def environment_record(arguments: list[str]) -> dict[str, Any]:
    """Describe the machine and the command, without the names of machines and folders."""
    model, flags = _processor()
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    shown = [Path(part).name if os.sep in part else part for part in arguments]
    return {
        "kind": "environment",
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": model,
        "flags": flags,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "os": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "commit": _commit(),
        "removed_variables": [name for name in REMOVED if name in os.environ],
        "load": load,
        "command": " ".join(["python benches/peers/run.py", *shown]),
    }


def _processor() -> tuple[str, list[str]]:
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        fields = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in lines)}
        flags = fields.get("flags", fields.get("Features", "")).split()
        name = fields.get("model name", platform.machine())
        if "cpu family" in fields:
            name += f" (family {fields['cpu family']}, model {fields.get('model')})"
        return name, [flag for flag in SHOWN_FLAGS if flag in flags]
    return platform.processor() or platform.machine(), []


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+changes" if git("status", "--porcelain", "--", "src", "python", "Cargo.toml") else "")
    except OSError:
        return "unknown"


# Workers -------------------------------------------------------------------------------------------------------------


class WorkerError(RuntimeError):
    """A worker could not do what it was asked."""


@dataclass
class Worker:
    """A resident process that runs one side's calls; lines of JSON go both ways."""

    name: str
    threads: int
    python: str
    log: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    patience: float = 1200.0

    def __post_init__(self) -> None:
        runner = str(Path(__file__).with_name("run.py"))
        with self.log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own file
                [self.python, runner, "--worker", self.name, "--threads", str(self.threads)],
                env=worker_environment(self.threads, self.extra),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # so that the processes it starts can be counted as its own
            )

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have the worker do something and return its answer."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        try:
            pipe_in.write(json.dumps({"do": do, **arguments}) + "\n")
            pipe_in.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(pipe_out, selectors.EVENT_READ)
                if not selector.select(self.patience):
                    self.process.kill()
                    raise WorkerError(f"no answer within {self.patience:.0f} s")
            line = pipe_out.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerError(f"the process ended ({self.process.wait()}): {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until_asleep(self, longest: float = 2.0) -> None:
        """Wait until the worker's thread pools have stopped spinning."""
        if not Path("/proc/stat").exists():
            time.sleep(0.2)
            return
        end = time.monotonic() + longest
        before = cpu_seconds(self.process.pid)
        while time.monotonic() < end:
            time.sleep(0.05)
            now = cpu_seconds(self.process.pid)
            if now == before:
                return
            before = now

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return " | ".join(self.log.read_text(errors="replace").strip().splitlines()[-3:])
        return ""


# Noise ---------------------------------------------------------------------------------------------------------------

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds(session: int) -> float:
    """Return the processor time of all processes of a session (Linux)."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    ticks += sum(int(part) for part in fields[11:15])  # own and reaped children's, user and system
    return ticks / _TICK


def machine_seconds() -> float | None:
    """Return the time for which the machine's processors were busy or taken away by the host (Linux)."""
    try:
        with Path("/proc/stat").open() as lines:
            ticks = [int(part) for part in lines.readline().split()[1:9]]
    except OSError:
        return None
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICK


class Gate:
    """Tells how much of a processor others used during a run, and waits for a quiet machine."""

    LIMIT = 0.25  # of one core

    def __init__(self, patience: float) -> None:
        self.left = patience  # seconds of waiting left

    def start(self, worker: Worker) -> tuple[float, float | None, float]:
        return time.monotonic(), machine_seconds(), self._own(worker)

    def foreign(self, worker: Worker, started: tuple[float, float | None, float]) -> float | None:
        """Return the share of a core that others used since `start`; a tick of the counters is forgiven."""
        wall = time.monotonic() - started[0]
        now = machine_seconds()
        if now is None or started[1] is None:
            return None
        others = (now - started[1]) - (self._own(worker) - started[2]) - 1.5 / _TICK
        return max(0.0, others) / wall

    def wait_for_quiet(self, worker: Worker) -> None:
        while self.left > 0:
            started = self.start(worker)
            time.sleep(0.2)
            if (self.foreign(worker, started) or 0) <= self.LIMIT:
                return
            self.left -= 0.2

    @staticmethod
    def _own(worker: Worker) -> float:
        return cpu_seconds(worker.process.pid) + time.process_time() if machine_seconds() is not None else 0.0


def note(text: str) -> None:
    """Say on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
