"""The resident process of one side: it reads requests as lines of JSON from stdin and answers on stdout.

Nothing is timed across the pipe: a run is timed here, around the calls alone.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peers import _limits
from peers._common import Data, Probe, as_json
from peers._jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Callable

    from peers._common import Value

OURS = "resemblance"


class Side:
    """One side of the comparison: our library, or a peer."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self.call: Callable[[], Value] | Probe = lambda: 0.0

    def describe(self) -> dict[str, Any]:
        """Import what is to be timed; tell versions and BLAS kernels."""
        started = time.perf_counter()
        packages: tuple[str, ...] = (OURS,)
        if self.name == OURS:
            import_module(OURS)
        else:
            peer = import_module(f"peers.{self.name}")
            packages = peer.PACKAGES
            if not peer.available():
                return {"available": False}
            peer.load()
        seconds = time.perf_counter() - started
        kernels = []
        try:
            import_module("numpy")
            from threadpoolctl import threadpool_info  # noqa: PLC0415 - not every environment has it

            for pool in threadpool_info():
                if pool["user_api"] != "blas":
                    continue
                words = (pool["prefix"], pool["version"], pool.get("architecture"), f"{pool['num_threads']} threads")
                kernels.append(" ".join(str(word) for word in words if word))
        except ImportError:
            kernels.append("unknown: threadpoolctl is not installed")
        config: dict[str, Any] = {}
        if self.name == OURS:
            shown = import_module(OURS).show_config()
            config = {key: str(value) for key, value in shown.items() if os.sep not in str(value)}
        return {
            "available": True,
            "import_seconds": seconds,
            "versions": _versions("numpy", "scipy", *packages),
            "kernels": sorted(set(kernels)),
            "config": config,
        }

    def limits(self, products: list[list[int]], decompositions: list[list[Any]], quick: bool) -> dict[str, Any]:
        return _limits.measure(self.threads, products, decompositions, quick)

    def prepare(self, job: str, folder: str, full: bool) -> dict[str, Any]:
        data = Data.load(Path(folder), full)
        setup = JOBS[job].ours if self.name == OURS else import_module(f"peers.{self.name}").JOBS[job]
        started = time.perf_counter()
        self.call = setup(data, self.threads)
        seconds = time.perf_counter() - started
        return {"setup_seconds": seconds, "scaled": isinstance(self.call, Probe) and self.call.scaled}

    def value(self) -> dict[str, Any]:
        """Make the first call and return what it found."""
        started = time.perf_counter()
        value = _once(self.call)
        return {"value": as_json(value), "first_seconds": time.perf_counter() - started}

    def calibrate(self, least: float) -> dict[str, Any]:
        """Warm up, and find how many calls make a run of at least that many seconds."""
        repeats = 1
        while True:
            seconds = self.run(repeats)["seconds"] * repeats
            if seconds >= least or isinstance(self.call, Probe):
                return {"repeats": repeats}
            repeats = max(repeats + 1, min(10 * repeats, int(1.2 * repeats * least / max(seconds, 1e-7))))

    def run(self, repeats: int) -> dict[str, Any]:
        """Time a run; the answer is seconds per call."""
        gc.collect()
        gc.disable()
        try:
            if isinstance(self.call, Probe):
                return {"seconds": sum(factor * _seconds(part, 1) for part, factor in self.call.parts)}
            return {"seconds": _seconds(self.call, repeats) / repeats}
        finally:
            gc.enable()

    def memory(self) -> dict[str, Any]:
        """Return the peak resident memory of one call above the level before it; only true in a fresh process."""
        gc.collect()
        try:
            Path("/proc/self/clear_refs").write_text("5")
            before = _resident("VmRSS")
            _once(self.call)
            return {"peak_mb": max(0.0, _resident("VmHWM") - before)}
        except OSError:
            unit = 2**20 if sys.platform == "darwin" else 2**10
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
            _once(self.call)
            return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit - before}


def serve(name: str, threads: int) -> None:
    """Answer requests until stdin closes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints must not reach the answers
    side = Side(name, threads)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(side, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001 - whatever a package raises is an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _once(call: Callable[[], Value] | Probe) -> Value:
    if not isinstance(call, Probe):
        return call()
    for part, _ in call.parts:
        part()
    return call.value()


def _seconds(call: Callable[[], object], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - started


def _resident(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise OSError(f"no {field} in the status of this process")


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
