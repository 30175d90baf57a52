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

import resemblance as rs
from resemblance import io
from resemblance.errors import ResemblanceError, ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resemblance.results import Grid, Info

__all__ = ["main"]

DONE, FAILED, USAGE, PIPE, INTERRUPTED = 0, 1, 2, 141, 130

EXAMPLES = """\
examples:
  resemblance compare a.npy b.npy --measure cka:estimator=debiased --measure knn_jaccard
  resemblance pairwise 'run1/*.npy' --measure cka -o out/
  resemblance test acts.npz:layer1 acts.npz:layer2 --measure rsa --permutations 9999
  resemblance test 'run1/*.npy' --y 'run2/*.npy' --adjust maxT -o out/
  resemblance measures cka

files: .npy, .npz, .safetensors, .csv, .tsv; file.npz:key is one array of several; files with pickled code are refused.
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
    try:
        options = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong, or has shown the help that was asked for
        return end.code if isinstance(end.code, int) else USAGE
    try:
        with warnings.catch_warnings(), rs.config(num_threads=options.threads):
            _say_warnings_in_one_line()
            options.run(options)
            sys.stdout.flush()
    except _UsageError as error:
        options.parser.print_usage(sys.stderr)
        _say(f"{options.parser.prog}: error: {error}")
        return USAGE
    except ResemblanceError as error:
        _say(f"{error.code}: {error}")
        return FAILED
    except BrokenPipeError:  # `resemblance measures | head`: not a failure, but nobody listens any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    except FileNotFoundError as error:
        _say(f"file_not_found: {error.filename or error}: no such file")
        return FAILED
    except OSError as error:
        _say(f"file_error: {error.filename}: {error.strerror}" if error.strerror else f"file_error: {error}")
        return FAILED
    except MemoryError:
        _say("out_of_memory: there is not enough memory for this")
        return FAILED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    return DONE


class _UsageError(Exception):
    """The command line asks for something that does not exist."""


def _say(text: str) -> None:
    """Write one line to stderr, whatever the text contains."""
    sys.stderr.write(" ".join(text.split()) + "\n")
    sys.stderr.flush()


def _put(text: object) -> None:
    """Write a result to stdout."""
    sys.stdout.write(f"{text}\n")


def _say_warnings_in_one_line() -> None:
    said: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = f"warning: {message}"  # the text of a ResemblanceWarning begins with its code
        if text not in said:
            said.add(text)
            _say(text)

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
    measured = argparse.ArgumentParser(add_help=False)
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
        "--strata", metavar="FILE", help="one whole number per row: rows trade places within their stratum"
    )
    test.add_argument("--groups", metavar="FILE", help="one whole number per row: rows of a group move together")
    test.add_argument(
        "--ids", metavar="FILE", help="one whole number per row, its stimulus: repeats without --groups are remarked on"
    )
    test.add_argument("--scheme", choices=["permute", "shift"], default="permute", help="shift: for a time series")

    measures = command("measures", _measures, "list the measures, or tell all about some")
    measures.add_argument("names", nargs="*", metavar="NAME", help="measures to tell all about")
    return parser


class _Version(argparse.Action):
    """Look the version up only when it is asked for: that takes longer than everything else here."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        _put(f"resemblance {rs.__version__}")
        parser.exit()


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


class _Chosen(NamedTuple):
    name: str
    options: dict[str, Any]
    measure: Any  # the function, with its options fixed

    @property
    def label(self) -> str:
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
        if name not in known:
            raise _UsageError(_unknown(name, known))
        parsed = dict(_option(part, known[name]) for part in [*filter(None, listed.split(",")), *options.option])
        chosen.append(_Chosen(name, parsed, partial(getattr(rs, name), **parsed)))
    return chosen


def _unknown(name: str, known: Any) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only wanted here

    near = get_close_matches(name, known, 1)
    return f"there is no measure {name!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    )


def _option(text: str, info: Info) -> tuple[str, Any]:
    """Read ``kernel=rbf`` as the kind of value the option takes; names and ranges are checked by the measure itself."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise _UsageError(f"{text!r} is not of the form OPTION=VALUE")
    declared = next((option for option in info.options if option["name"] == key), None)
    kind = declared["kind"] if declared else ""
    if kind in {"labels", "matrix"}:
        return key, _one(value)
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


def _one(address: str) -> Any:
    """Open the one array that is meant by ``file`` or ``file.npz:key``."""
    path, key = io.split_key(address)
    opened = io.open(path, key)
    if not isinstance(opened, io.Members):
        return opened
    if len(opened) != 1:
        names = ", ".join(list(opened)[:8]) + (", ..." if len(opened) > 8 else "")
        message = f"{path} holds {len(opened)} arrays ({names}): say which one as {path}:KEY."
        raise make("key_required", message, {"path": path, "known": list(opened)})
    return opened[next(iter(opened))]


# ----------------------------------------------------------------------------------------------------------- commands


def _compare(options: argparse.Namespace) -> None:
    chosen = [one.measure for one in _chosen(options)]
    arrays = [_one(path) for path in options.files]
    if len(arrays) == 2:
        found = rs.compare(arrays[0], arrays[1], chosen)
    else:
        found = rs.compare(arrays[0] if len(arrays) == 1 else arrays, None, chosen)
    _show(options, found, lambda: list(found.to_dict().values()))


def _pairwise(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    models = io.load_many(options.files)
    grids = rs.pairwise(
        models,
        [one.measure for one in chosen],
        y=io.load_many(options.y) if options.y else None,
        on_error=options.on_error,
        progress=True if sys.stderr.isatty() else None,
    )
    listed = list(grids.grids)
    for grid in listed:
        if grid.status and len(grid.status) == grid.values.size:
            code, message = next(iter(grid.status.values()))
            raise make(code, f"no pair has a value under {grid.label}; {message}")
    written = _write(options.out, listed, _file_names(chosen)) if options.out else []
    if options.json:
        _show(options, grids, lambda: [grid.to_dict() for grid in listed])
    elif written:
        _put("\n".join(map(str, written)))
    else:
        _put(grids)


def _file_names(chosen: list[_Chosen]) -> list[str]:
    """Name files by measure, with options where one measure is asked for in several ways, with numbers after that."""
    names = [one.name for one in chosen]
    names = [re.sub(r"[^\w.,=-]", "_", one.label) if names.count(one.name) > 1 else one.name for one in chosen]
    return [f"{name}-{names[:at].count(name) + 1}" if names.count(name) > 1 else name for at, name in enumerate(names)]


def _write(folder: Path, grids: Sequence[Grid], names: list[str]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
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
        _say("note: no pictures, because matplotlib is not installed (pip install matplotlib)")
    return written


def _test(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    how: dict[str, Any] = {
        "n_resamples": options.permutations,
        "alternative": options.alternative,
        "strata": _ids(options.strata),
        "groups": _ids(options.groups),
        "ids": _ids(options.ids),
        "scheme": options.scheme,
        "rng": options.seed,
        "progress": True if sys.stderr.isatty() else None,
    }
    if len(options.files) == 1 and not options.y and not set("*?[") & set(options.files[0]):
        raise _UsageError("give two files, a pattern of several, or a second set with --y")
    if options.adjust or options.y or options.out or len(options.files) != 2:
        _test_grid(options, chosen, how)
        return
    x, y = (_one(path) for path in options.files)
    results = [rs.permutation_test(x, y, one.measure, **how) for one in chosen]
    _show(options, "\n".join(map(str, results)), lambda: [result.to_dict() for result in results])


def _test_grid(options: argparse.Namespace, chosen: list[_Chosen], how: dict[str, Any]) -> None:
    models = io.load_many(options.files)
    second = io.load_many(options.y) if options.y else None
    measures = [one.measure for one in chosen]
    grids = rs.pairwise_test(models, measures, y=second, adjust=options.adjust, **how).grids
    written = _write(options.out, grids, _file_names(chosen)) if options.out else []
    if options.json:
        _show(options, "", lambda: [grid.to_dict() for grid in grids])
    elif written:
        _put("\n".join(map(str, written)))
    else:
        _put("\n\n".join(f"{grid}\n\np-values\n{grid.pvalue_table()}" for grid in grids))


def _ids(path: str | None) -> Any:
    """Read one id per row: a vector, or a table of one column."""
    return None if path is None else _one(path).reshape(-1)


def _measures(options: argparse.Namespace) -> None:
    known = {info.name: info for info in rs.list_measures()}
    for name in options.names:
        if name not in known:
            raise _UsageError(_unknown(name, known))
    listed = [known[name] for name in options.names] or list(known.values())
    text = "\n\n".join(map(_details, listed)) if options.names else _list(listed)
    _show(options, text, lambda: [vars(info) for info in listed])


def _list(infos: list[Info]) -> str:
    lines = [["measure", "kind", "range", "same", "symmetric", "metric", "family", "form"]]
    for info in infos:
        facts = info.facts
        low, high = facts["range"]
        yes_or_no = ["yes" if facts[fact] else "no" for fact in ("symmetric", "is_metric")]
        span = f"{_number(low)} to {_number(high)}"
        same = _number(facts["identity_value"])
        lines.append([info.name, facts["kind"], span, same, *yes_or_no, info.family, info.form])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join([*rows, "", "resemblance measures NAME tells options, invariances and the reference."])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}".replace("inf", "∞")


def _details(info: Info) -> str:
    facts = info.facts
    first = (getattr(rs, info.name).__doc__ or "").strip().splitlines()[:1]
    low, high, same = map(_number, (*facts["range"], facts["identity_value"]))
    lines = [
        f"{info.name}: {first[0]}" if first else info.name,
        f"  kind            {facts['kind']}, {low} to {high}, {same} = the same",
        f"  family, form    {info.family}, {info.form}",
        f"  symmetric       {'yes' if facts['symmetric'] else 'no: x -> y is not y -> x'}",
        f"  metric          {'yes' if facts['is_metric'] else 'no'}",
        f"  invariant to    {_words(facts['invariant_to'])}",
        f"  x alone to      {_words(facts['source_invariant_to'])}" if facts["source_invariant_to"] else "",
        f"  rows            at least {facts['min_rows']}, {'paired' if facts['rows_paired'] else 'in any order'}"
        + (", equal widths" if facts["equal_widths"] else ""),
        f"  cost            {facts['cost']}" if facts["cost"] else "",
        f"  reference       {facts['reference']}" if facts["reference"] else "",
    ]
    for at, option in enumerate(info.options):
        choices = " (" + ", ".join(map(str, option["choices"])) + ")" if option["choices"] else f" ({option['kind']})"
        default = "must be given" if option["required"] else f"default {option['default']}"
        lines.append(f"  {'options' if at == 0 else '':<15} {option['name']}{choices}, {default}")
    return "\n".join(filter(None, lines))


def _words(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing"


def _show(options: argparse.Namespace, text: object, document: Callable[[], Any]) -> None:
    if options.json:
        _put(json.dumps(_finite(document()), indent=2, ensure_ascii=False, allow_nan=False, default=str))
    else:
        _put(text)


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
