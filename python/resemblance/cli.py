"""The command line: ``resemblance compare``, ``pairwise``, ``test`` and ``measures``.

Results go to stdout (with ``--json``, as one JSON document), everything else to stderr: warnings and failures in one
line each, progress if it is a terminal. The exit code is 0 if the work is done, 1 after a named failure, 2 if the
command line itself is wrong, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import resemblance as rs
from resemblance import _terminal as terminal, io
from resemblance._bridge import report
from resemblance._recognize import as_measure
from resemblance._rows import aligned_by_name
from resemblance._startup import INTERRUPTED
from resemblance._terminal import put, say
from resemblance.errors import ResemblanceError, ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resemblance.results import Grid, Info

__all__ = ["main"]

DONE, FAILED, USAGE, PIPE = 0, 1, 2, 141

EXAMPLES = """\
examples:
  resemblance compare a.npy b.npy --measure cka:estimator=debiased --measure knn_jaccard
  resemblance pairwise 'run1/*.npy' --measure cka -o out/
  resemblance test acts.npz:layer1 acts.npz:layer2 --measure rsa --permutations 9999
  resemblance test 'run1/*.npy' --y 'run2/*.npy' --adjust maxT -o out/
  resemblance measures cka

files: .npy, .npz, .safetensors, .csv, .tsv; file.npz:key is one array of several; files with pickled code are refused.
Rows that a table names (a column of words, id, index) must be in one order, or --join puts them in one.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    terminal.begin()
    try:
        options = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong, or has shown the help that was asked for
        return _exit_code(terminal.flush) or (end.code if isinstance(end.code, int) else USAGE)
    return _exit_code(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    terminal.require_output()
    try:
        with warnings.catch_warnings(), rs.config(num_threads=_threads(options.threads)):
            _say_warnings_in_one_line()
            options.run(options)
    except _UsageError as error:
        if not isinstance(error, _MissingFileError):
            options.parser.print_usage(sys.stderr)
        raise
    finally:
        terminal.flush()


def _threads(wanted: int | None) -> int | None:
    """Start no more threads than there are processors: the others would only stand in line."""
    return None if wanted is None else min(wanted, os.cpu_count() or 1)


def _exit_code(work: Callable[[], None]) -> int:
    """Do some work; what goes wrong is said in one line, and has an exit code."""
    try:
        work()
    except _UsageError as error:
        say(f"resemblance: error: {error}")
        return USAGE
    except ResemblanceError as error:
        say(f"{error.code}: {error}{' Here: --join.' if error.code == 'rows_misaligned' else ''}")
        return FAILED
    except BrokenPipeError:  # `resemblance measures | head`: not a failure, but nobody listens any more
        return PIPE
    except FileNotFoundError as error:
        say(f"file_not_found: {error.filename or error}: no such file")
        return FAILED
    except OSError as error:
        say(f"file_error: {error.filename}: {error.strerror}" if error.strerror else f"file_error: {error}")
        return FAILED
    except MemoryError:
        say("out_of_memory: there is not enough memory for this")
        return FAILED
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    return DONE


class _UsageError(Exception):
    """The command line asks for something that does not exist."""


class _MissingFileError(_UsageError):
    """The command line is well formed, and a file short; its form need not be explained."""


def _say_warnings_in_one_line() -> None:
    said: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = f"warning: {message}"  # the text of a ResemblanceWarning begins with its code
        if text not in said:
            said.add(text)
            say(text)

    warnings.simplefilter("always", ResemblanceWarning)
    warnings.showwarning = show


# ---------------------------------------------------------------------------------------------------------- arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="resemblance",
        description="How alike are the representations or predictions of neural networks, and is it chance?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--threads", type=_positive, metavar="N", help="number of threads; results do not depend on it")
    common.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    common.add_argument("-v", "--verbose", action="store_true", help="say what was read from each file")
    measured = argparse.ArgumentParser(add_help=False)
    measured.add_argument(
        "--join", action="store_true", help="put rows in one order by the names that the files give them"
    )
    measured.add_argument(
        "-m",
        "--measure",
        action="append",
        metavar="NAME[:OPTION=VALUE,...]",
        help="a measure; may be repeated (default: cka)",
    )
    measured.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the measure, if there is one only",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Any], None], what: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name, help=what, description=what[0].upper() + what[1:] + ".", parents=[*parents, common], epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        added.set_defaults(run=run, parser=added)
        return added

    compare = command("compare", _compare, "score one pair, each value with its chance level", measured)
    compare.add_argument(
        "files", nargs="+", metavar="FILE", help="two files; one, or more, for measures of one or of a group"
    )

    pairwise = command("pairwise", _pairwise, "score all pairs: a table and a picture per measure", measured)
    pairwise.add_argument("files", nargs="+", metavar="FILE", help="files or quoted patterns ('run1/*.npy')")
    pairwise.add_argument(
        "--y", nargs="+", metavar="FILE", help="a second set; pairs are then of one set with the other"
    )
    pairwise.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="where to write NAME.csv and NAME.png")
    pairwise.add_argument(
        "--on-error", choices=["record", "raise"], default="record", help="what to do with pairs without a value"
    )

    test = command(
        "test", _test, "test whether a pair is more alike than chance, by permutations of the rows", measured
    )
    test.add_argument("files", nargs="+", metavar="FILE", help="two files; more, or patterns, are tested pair by pair")
    test.add_argument("--y", nargs="+", metavar="FILE", help="a second set; pairs are then of one set with the other")
    test.add_argument(
        "--adjust",
        choices=["maxT", "step-down", "bh", "by"],
        help="correct the p-values for the number of pairs (maxT and step-down know how pairs depend on each other)",
    )
    test.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="where to write NAME.csv and NAME.png of pairs")
    test.add_argument("--permutations", type=_positive, default=9999, metavar="N", help="how many (default: 9999)")
    test.add_argument("--seed", type=_natural, default=0, metavar="N", help="decides which permutations (default: 0)")
    test.add_argument(
        "--alternative",
        choices=["greater", "less", "two-sided"],
        help="by default what speaks for likeness under the measure",
    )
    test.add_argument(
        "--strata", metavar="FILE", help="one id per row, numbers or words: rows trade places within their stratum"
    )
    test.add_argument("--groups", metavar="FILE", help="one id per row: rows of a group move together")
    test.add_argument(
        "--ids", metavar="FILE", help="one id per row, its stimulus: repeats without --groups are remarked on"
    )
    test.add_argument(
        "--repeats",
        choices=["auto", "refuse", "allow"],
        default="auto",
        help="rows equal on both sides: refused where they look like inputs shown again (default), always, or never",
    )
    test.add_argument("--scheme", choices=["permute", "shift"], default="permute", help="shift: for a time series")

    measures = command("measures", _measures, "list the measures, or tell all about some")
    measures.add_argument("names", nargs="*", metavar="NAME", help="measures to tell all about")
    return parser


class _Version(argparse.Action):
    """Look the version up only when it is asked for: that takes longer than everything else here."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        put(f"resemblance {rs.__version__}")
        parser.exit()


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number")
    if len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:18]}... is larger than anything that can be counted")
    return int(text)


class _Chosen(NamedTuple):
    name: str
    options: dict[str, Any]
    measure: Any  # the function, with its options fixed
    of_pairs: bool  # and of nothing else

    @property
    def label(self) -> str:
        """The name with its options."""
        return self.name + "".join(
            f",{key}={value}" for key, value in self.options.items() if not hasattr(value, "shape")
        )


def _chosen(options: argparse.Namespace) -> list[_Chosen]:
    wanted = options.measure or ["cka"]
    if options.option and len(wanted) > 1:
        raise _UsageError("--option is ambiguous with several measures: write --measure NAME:OPTION=VALUE")
    known = {info.name: info for info in rs.list_measures()}
    chosen = []
    for text in wanted:
        name, _, listed = text.partition(":")
        info = _known(name, known)
        parsed = dict(_option(part, info) for part in [*filter(None, listed.split(",")), *options.option])
        chosen.append(_Chosen(name, parsed, partial(getattr(rs, name), **parsed), _is_of_pairs(info)))
    return chosen


def _is_of_pairs(info: Info) -> bool:
    return info.facts.kind != "statistic" and not info.facts.groups


def _known(name: str, infos: Mapping[str, Info]) -> Info:
    """Find a measure by its name, or say which one was probably meant."""
    if name not in infos:
        try:
            as_measure(name)
        except ResemblanceError as error:
            raise _UsageError(str(error)) from error
    return infos[name]


def _option(text: str, info: Info) -> tuple[str, Any]:
    """Read ``kernel=rbf`` as the kind of value the option takes; names and ranges are checked by the measure itself."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise _UsageError(f"{text!r} is not of the form OPTION=VALUE")
    declared = next((option for option in info.options if option.name == key), None)
    kind = declared.kind if declared else ""
    if kind in {"labels", "matrix"}:
        return key, io.open_one(value)
    if value.lower() in {"none", "null"}:
        return key, None
    words = {"true": True, "yes": True, "false": False, "no": False}
    if kind == "bool" and value.lower() in words:
        return key, words[value.lower()]
    for read in {"int": (int,), "float": (int, float)}.get(kind, ()):
        try:
            return key, read(value)
        except ValueError:
            continue
    return key, value


# ----------------------------------------------------------------------------------------------------------- commands


class _Data(NamedTuple):
    """What the files of a command hold, their rows in one order if that was asked for."""

    chosen: list[_Chosen]
    x: dict[str, Any]
    y: dict[str, Any] | None
    ids: dict[str, Any]


def _read(
    options: argparse.Namespace, chosen: list[_Chosen], x: dict[str, Any], y: dict[str, Any] | None = None
) -> _Data:
    """Read the files of ids as well, say what was read, and join all rows by their names."""
    first = np.shape(next(iter(x.values())))
    given = {name: getattr(options, name, None) for name in ("strata", "groups", "ids")}
    count = None if options.join or not first else first[0]
    ids = {name: io.open_ids(path, count) for name, path in given.items() if path is not None}
    data = _Data(chosen, x, y, ids)
    if options.verbose:
        for name, array in _sides(data):
            say(f"read: {name}: {_contents(array)}")
    return _joined(data) if options.join else data


def _sides(data: _Data) -> list[tuple[str, Any]]:
    """List all arrays that have rows."""
    of_options = [(name, value) for one in data.chosen for name, value in one.options.items() if np.ndim(value) == 1]
    return [*data.x.items(), *(data.y or {}).items(), *data.ids.items(), *of_options]


def _joined(data: _Data) -> _Data:
    aligned, remarks = aligned_by_name(_sides(data))
    report(remarks)
    walk = iter(aligned)

    def next_for(names: dict[str, Any]) -> dict[str, Any]:
        return {name: next(walk) for name in names}

    x, y, ids = next_for(data.x), None if data.y is None else next_for(data.y), next_for(data.ids)
    chosen = []
    for one in data.chosen:
        moved = {name: next(walk) if np.ndim(value) == 1 else value for name, value in one.options.items()}
        chosen.append(one._replace(options=moved, measure=partial(getattr(rs, one.name), **moved)))
    return _Data(chosen, x, y, ids)


def _contents(array: Any) -> str:
    """Describe an array in a few words."""
    shape = " x ".join(map(str, array.shape)) or "a single number"
    columns, names = getattr(array, "columns", None), getattr(array, "row_names", None)
    parts = [f"{shape}, {array.dtype}"]
    if columns is not None:
        parts.append(f"columns {', '.join(columns[:8])}{', ...' if len(columns) > 8 else ''}")
    if names is not None:
        parts.append(f"rows {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}")
    return "; ".join(parts)


def _compare(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    if len(options.files) == 1 and (pair := next((one.name for one in chosen if one.of_pairs), None)):
        raise _MissingFileError(f"{pair} compares two: give two files (statistics, and tables of votes, take one)")
    paths = [path if options.files.count(path) == 1 else f"{path} ({at + 1})" for at, path in enumerate(options.files)]
    arrays = [io.open_one(path) for path in options.files]
    data = _read(options, chosen, dict(zip(paths, arrays, strict=True)))
    arrays, measures = list(data.x.values()), [one.measure for one in data.chosen]
    if len(arrays) == 2:
        found = rs.compare(arrays[0], arrays[1], measures)
    else:
        found = rs.compare(arrays[0] if len(arrays) == 1 else arrays, None, measures)
    _show(options, found, lambda: list(found.to_dict().values()))


def _pairwise(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    _probe(options, chosen)
    data = _read(options, chosen, io.load_many(options.files), io.load_many(options.y) if options.y else None)
    grids = rs.pairwise(
        data.x,
        [one.measure for one in data.chosen],
        y=data.y,
        on_error=options.on_error,
        progress=True if terminal.is_terminal() else None,
    )
    listed = list(grids.grids)
    for grid in listed:
        if grid.status and len(grid.status) == grid.values.size:
            code, message = next(iter(grid.status.values()))
            raise make(code, f"no pair has a value under {grid.label}; {message}")
    _deliver(options, chosen, listed, str(grids))


def _probe(options: argparse.Namespace, chosen: list[_Chosen]) -> None:
    if options.out:
        terminal.probe(options.out, [f"{name}{suffix}" for name in _file_names(chosen) for suffix in (".csv", ".png")])


def _deliver(options: argparse.Namespace, chosen: list[_Chosen], grids: Sequence[Grid], text: str) -> None:
    """Write grids to files or to stdout; to stdout as well if files turn out not to take them."""
    try:
        written = _write(options.out, grids, _file_names(chosen)) if options.out else []
    except OSError:
        put(text)
        raise
    if options.json:
        _show(options, text, lambda: [grid.to_dict() for grid in grids])
    else:
        put("\n".join(map(str, written)) if written else text)


def _file_names(chosen: list[_Chosen]) -> list[str]:
    """Name files by measure, with options where one measure is asked for in several ways, with numbers after that."""
    names = [one.name for one in chosen]
    names = [re.sub(r"[^\w.,=-]", "_", one.label) if names.count(one.name) > 1 else one.name for one in chosen]
    return [f"{name}-{names[:at].count(name) + 1}" if names.count(name) > 1 else name for at, name in enumerate(names)]


def _write(folder: Path, grids: Sequence[Grid], names: list[str]) -> list[Path]:
    drawn = find_spec("matplotlib") is not None
    written = []
    for grid, name in zip(grids, names, strict=True):
        written.append(folder / f"{name}.csv")
        grid.to_csv(written[-1])
        if drawn:
            from resemblance import plot  # noqa: PLC0415 - needs an optional dependency

            written.append(folder / f"{name}.png")
            plot.save(grid, written[-1])
    if not drawn:
        say("note: no pictures, because matplotlib is not installed (pip install matplotlib)")
    return written


def _test(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    how: dict[str, Any] = {
        "n_resamples": options.permutations,
        "alternative": options.alternative,
        "repeats": options.repeats,
        "scheme": options.scheme,
        "rng": options.seed,
        "progress": True if terminal.is_terminal() else None,
    }
    if len(options.files) == 1 and not options.y and not set("*?[") & set(options.files[0]):
        raise _UsageError("give two files, a pattern of several, or a second set with --y")
    if options.adjust or options.y or options.out or len(options.files) != 2:
        _test_grid(options, chosen, how)
        return
    x, y = options.files
    data = _read(options, chosen, {x: io.open_one(x)}, {y: io.open_one(y)})
    (left,), (right,) = data.x.values(), (data.y or {}).values()
    results = [rs.permutation_test(left, right, one.measure, **how, **data.ids) for one in data.chosen]
    _show(options, "\n".join(map(str, results)), lambda: [result.to_dict() for result in results])


def _test_grid(options: argparse.Namespace, chosen: list[_Chosen], how: dict[str, Any]) -> None:
    _probe(options, chosen)
    data = _read(options, chosen, io.load_many(options.files), io.load_many(options.y) if options.y else None)
    measures = [one.measure for one in data.chosen]
    grids = rs.pairwise_test(data.x, measures, y=data.y, adjust=options.adjust, **how, **data.ids).grids
    _deliver(options, chosen, grids, "\n\n".join(map(str, grids)))


def _measures(options: argparse.Namespace) -> None:
    known = {info.name: info for info in rs.list_measures()}
    listed = [_known(name, known) for name in options.names] or list(known.values())
    text = "\n\n".join(map(_details, listed)) if options.names else _list(listed)
    _show(options, text, lambda: [info.to_dict() for info in listed])


def _list(infos: list[Info]) -> str:
    lines = [["measure", "kind", "range", "same", "symmetric", "metric", "family", "form"]]
    for info in infos:
        facts = info.facts
        low, high = facts.range or (None, None)
        yes_or_no = ["yes" if fact else "no" for fact in (facts.symmetric, facts.is_metric)]
        span = f"{_number(low)} to {_number(high)}"
        same = _number(facts.identity_value)
        lines.append([info.name, facts.kind, span, same, *yes_or_no, info.family, info.form])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join([*rows, "", "resemblance measures NAME tells options, invariances and the reference."])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}".replace("inf", "∞")


def _details(info: Info) -> str:
    facts = info.facts
    first = (getattr(rs, info.name).__doc__ or "").strip().splitlines()[:1]
    low, high, same = map(_number, (*(facts.range or (None, None)), facts.identity_value))
    lines = [
        f"{info.name}: {first[0]}" if first else info.name,
        f"  kind            {facts.kind}, {low} to {high}, {same} = the same",
        f"  family, form    {info.family}, {info.form}",
        f"  symmetric       {'yes' if facts.symmetric else 'no: x -> y is not y -> x'}",
        f"  metric          {'yes' if facts.is_metric else 'no'}",
        f"  invariant to    {_words(facts.invariant_to)}",
        f"  x alone to      {_words(facts.source_invariant_to)}" if facts.source_invariant_to else "",
        f"  rows            at least {facts.min_rows}, {'paired' if facts.rows_paired else 'in any order'}"
        + (", equal widths" if facts.equal_widths else ""),
        f"  cost            {facts.cost}" if facts.cost else "",
        f"  reference       {facts.reference}" if facts.reference else "",
    ]
    for at, option in enumerate(info.options):
        choices = " (" + ", ".join(map(str, option.choices)) + ")" if option.choices else f" ({option.kind})"
        default = "must be given" if option.required else f"default {option.default}"
        lines.append(f"  {'options' if at == 0 else '':<15} {option.name}{choices}, {default}")
    return "\n".join(filter(None, lines))


def _words(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing"


def _show(options: argparse.Namespace, text: object, document: Callable[[], Any]) -> None:
    if options.json:
        put(
            json.dumps(
                _finite(document()), indent=2, ensure_ascii=not terminal.writes_unicode(), allow_nan=False, default=str
            )
        )
    else:
        put(text)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: null and text stand for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


if __name__ == "__main__":
    sys.exit(main())
