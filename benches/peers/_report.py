"""From the raw lines of a run to tables in Markdown."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Any

from peers._jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    Row = dict[str, Any]

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def read(path: Path) -> list[Row]:
    """Read the lines of a run."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def report(lines: Iterable[Row]) -> str:
    """Write everything a run found: targets, times, limits, the machine."""
    lines = list(lines)
    rows = [line for line in lines if line["kind"] == "row"]
    parts = [targets(rows), times(rows), remarks(rows), limits(lines), machine(lines)]
    return "\n\n".join(part for part in parts if part)


def targets(rows: list[Row]) -> str:
    """Write the table of targets: reached on one thread and on all."""
    counts = sorted({row["threads"] for row in rows})
    if not counts:
        return ""
    single, most = (1 if 1 in counts else None), (counts[-1] if counts[-1] > 1 else None)
    table = [["job", "at most", "1 thread", _threads(most) if most else "all threads", "met"]]
    for name, job in JOBS.items():
        mine = [row for row in rows if row["job"] == name and _decides(row)]
        if not job.has_target or not mine:
            continue
        reached, met = [], []
        for count in (single, most):
            row = next((row for row in mine if row["threads"] == count), None)
            text, good = _reached(row)
            reached.append(text)
            met += [] if good is None else [good]
        verdict = "-" if not met else "yes" if all(met) else "no" if not any(met) else "in part"
        table.append([f"{job.title}, {_sizes(mine)}", _at_most(name), *reached, verdict])
    return _markdown(table) if len(table) > 1 else ""


def times(rows: list[Row]) -> str:
    """Write one line per job, number of threads and peer."""
    if not rows:
        return ""
    head = ["job", "threads", "ours", "beside", "theirs", "ours / theirs", "limit / ours", "first call", "peak memory"]
    table = [head]
    for row in rows:
        start = [f"{JOBS[row['job']].title}, {row['size']}", str(row["threads"])]
        if "problem" in row:
            table.append([*start, "-", row["peer"], row["problem"], "-", "-", "-", "-"])
            continue
        found = summary(row)
        ours, theirs = row["ours"], row["theirs"]
        noisy = "" if row["clean"] else "~ "
        low, high = found["range"]
        table.append(
            [
                *start,
                noisy + _spread(ours),
                row["peer"],
                noisy + _spread(theirs) + (" (scaled)" if theirs["scaled"] else ""),
                f"{noisy}{found['ratio']:.3g} ({low:.3g} to {high:.3g})",
                f"{found['fraction']:.2f}" if found["fraction"] else "-",
                f"{seconds(ours['first'])}, {seconds(theirs['first'])}",
                f"{_megabytes(ours)}, {_megabytes(theirs)}",
            ]
        )
    words = (
        "Median of the runs (minimum to maximum) and of the paired ratios; first call and peak memory: ours, theirs; "
        "the memory is that of a fresh process above its level before the call. `~`: no run without foreign load. "
        "`scaled`: timed on a part, expect 30 % either way. Limit: see below."
    )
    return _markdown(table) + "\n\n" + words


def remarks(rows: list[Row]) -> str:
    """Say what each limit counts, how equal the values are, and what to bear in mind."""
    text = []
    for name, job in JOBS.items():
        mine = [row for row in rows if row["job"] == name and "problem" not in row]
        if not mine:
            continue
        largest = max(row["difference"] for row in mine)
        words = [f"values equal to {largest:.0e}" if largest else "values equal to the last bit"]
        words += list(dict.fromkeys(f"limit: {row['limit']['what']}" for row in mine if row.get("limit")))
        words += [_per_permutation(row) for row in mine if job.per_call > 1]
        words += [job.remark] if job.remark else []
        text.append(f"- {job.title}: {'; '.join(words)}.")
    return "\n".join(text)


def _per_permutation(row: Row) -> str:
    per = [seconds(median(row[side]["seconds"]) / JOBS[row["job"]].per_call) for side in ("ours", "theirs")]
    ready = [seconds(row[side]["setup"]) for side in ("ours", "theirs")]
    return (
        f"{_threads(row['threads'])}: {per[0]} per permutation against {per[1]} of {row['peer']}, "
        f"set-up (one run, not in the ratio) {ready[0]} and {ready[1]}"
    )


def limits(lines: list[Row]) -> str:
    """Write what the machine can do."""
    table = [["threads", "product, GFLOP/s", "SYRK, GFLOP/s (n^3)", "triad, GB/s", "LAPACK"]]
    for line in lines:
        if line["kind"] == "limits":
            calls = ", ".join(f"{name} {seconds(time)}" for name, time in line["times"].items())
            rates = [f"{line[name] / 1e9:.0f}" for name in ("gemm", "syrk", "triad")]
            table.append([str(line["threads"]), *rates, calls or "-"])
    return _markdown(table) if len(table) > 1 else ""


def machine(lines: list[Row]) -> str:
    """Describe the machine and the versions."""
    found = []
    for line in lines:
        if line["kind"] == "environment":
            removed = ", ".join(line["removed_variables"])
            flags = ", ".join(line["flags"]) or "unknown"
            found.append(
                f"- {line['date']}, commit {line['commit']}, {line['cpu']} ({flags}), {line['cores']} cores, "
                f"{line['memory_gb']} GiB, {line['os']}, Python {line['python']}, load before {line['load']}"
                + (f"; removed from the environment: {removed}" if removed else "")
            )
            found.append(f"- `{line['command']}`")
        elif line["kind"] == "worker":
            versions = ", ".join(f"{name} {version}" for name, version in line["versions"].items())
            config = ", ".join(f"{name} {text}" for name, text in line["config"].items())
            found.append(
                f"- {line['name']}, {_threads(line['threads'])}: {versions}; "
                f"BLAS {'; '.join(line['kernels']) or 'none loaded'}; import {seconds(line['import_seconds'])}"
                + (f"; {config}" if config else "")
            )
        elif line["kind"] == "skipped":
            found.append(f"- {line['name']}: skipped, {line['why']}")
    return "\n".join(dict.fromkeys(found))


def summary(row: Row) -> Row:
    """Return the ratio ours / theirs, its range over the pairs of runs, and the fraction of the limit."""
    ratios = [ours / theirs for ours, theirs in zip(row["ours"]["seconds"], row["theirs"]["seconds"], strict=True)]
    limit = row.get("limit")
    fraction = limit["seconds"] / median(row["ours"]["seconds"]) if limit else None
    return {"ratio": median(ratios), "range": (min(ratios), max(ratios)), "fraction": fraction}


def line(row: Row) -> str:
    """Tell one row in a line, for progress."""
    start = f"{row['job']} {row['size']}, {_threads(row['threads'])}, {row['peer']}: "
    if "problem" in row:
        return f"{start}{row['problem']}"
    found = summary(row)
    return (
        f"{start}{seconds(median(row['ours']['seconds']))} against {seconds(median(row['theirs']['seconds']))}, "
        f"ratio {found['ratio']:.3g}{'' if row['clean'] else ' ~'}"
    )


def into(document: str, text: str) -> str:
    """Put a report between the marks of a document."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def seconds(value: float) -> str:
    """Write a time with three digits."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= unit:
            return f"{value / unit:.3g} {name}" if value < 1000 * unit else f"{value / unit:.0f} {name}"
    return f"{value * 1e9:.3g} ns"


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _decides(row: Row) -> bool:
    return bool(row["peer"] == JOBS[row["job"]].against)


def _at_most(name: str) -> str:
    job = JOBS[name]
    if job.most_seconds is not None:
        return seconds(job.most_seconds)
    beside = "" if job.against == "numpy_reference" else f" of {job.against}"
    if job.target_one == job.target_all:
        return f"{job.target_one:.3g}{beside}"
    return f"{job.target_one:.3g} on one, {job.target_all:.3g} on all{beside}"


def _reached(row: Row | None) -> tuple[str, bool | None]:
    if row is None:
        return "-", None
    if "problem" in row:
        return row["problem"], None
    job, found = JOBS[row["job"]], summary(row)
    mark = ("" if row["clean"] else "~ ") + ("scaled " if row["theirs"]["scaled"] else "")
    if job.most_seconds is not None:
        taken = median(row["ours"]["seconds"])
        return f"{mark}{seconds(taken)}", taken <= job.most_seconds
    target = job.target(row["threads"])
    low, high = found["range"]
    return f"{mark}{found['ratio']:.3g} ({low:.3g} to {high:.3g})", None if target is None else found["ratio"] <= target


def _sizes(rows: list[Row]) -> str:
    return "; ".join(dict.fromkeys(row["size"] for row in rows))


def _spread(side: Row) -> str:
    runs = side["seconds"]
    return f"{seconds(median(runs))} ({seconds(min(runs))} to {seconds(max(runs))})"


def _megabytes(side: Row) -> str:
    return f"{side['peak_mb']:.0f} MB" if side.get("peak_mb") is not None else "-"


def _markdown(table: list[list[str]]) -> str:
    head, *body = table
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in lines)
