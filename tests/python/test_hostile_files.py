"""Files that lie about themselves are refused by name before anything is allocated for them."""

from __future__ import annotations

import os
import resource
import socket
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import mutations
import numpy as np
import pytest

import resemblance as rs
from resemblance import io

if TYPE_CHECKING:
    from pathlib import Path


def refusal(path: Path, key: str | None = None) -> rs.ResemblanceError:
    """Read everything in a file and return how it is refused."""

    def read_all() -> None:
        opened = io.open(path, key)
        for name in opened if isinstance(opened, io.Members) else ():
            opened[name]

    with pytest.raises(rs.ResemblanceError) as caught:
        read_all()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return caught.value


def header(shape: str, descr: str = "'<f8'") -> bytes:
    return mutations.npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}")


IMPOSSIBLE = {
    "nothing times huge": header(f"(0, {2**62})"),
    "huge times nothing": header(f"({2**62}, 0)"),
    "beyond 64 bits": header(f"(0, {2**70})"),
    "too many axes": header("(" + "1, " * 65 + ")") + bytes(8),
    "a length of 4,000 digits": header("(" + "9" * 4000 + ",)"),
    "a length of 5,000 digits": header("(" + "9" * 5000 + ",)"),
    "words of 800 GB": header("(0,)", "'<U200000000000'"),
    "a word of 800 GB": header("()", "'<U200000000000'"),
    "arrays within arrays": header("(1,)", "('<f8', (1000000,))") + bytes(8),
    "bytes without end": header("(1,)", "'|V9999999999'"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_shapes_are_damaged_files(tmp_path: Path, case: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(IMPOSSIBLE[case])
    assert refusal(path).code == "damaged_file"
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "x.npz", "w", compression) as archive:
            archive.writestr("a.npy", IMPOSSIBLE[case])
        assert refusal(tmp_path / "x.npz").code == "damaged_file"


@pytest.mark.parametrize("shape", [[0, 2**62], [2**62, 0], [1] * 65, [0] * 65, [0, 2**61]])
def test_impossible_shapes_of_tensors_are_damaged_files(tmp_path: Path, shape: list[int]) -> None:
    path = tmp_path / "x.safetensors"
    size = 4 if all(axis == 1 for axis in shape) else 0
    path.write_bytes(mutations.safetensors({"a": mutations.entry("F32", shape, 0, size)}, bytes(size)))
    assert refusal(path).code == "damaged_file"


def test_a_single_bfloat16_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(mutations.safetensors({"a": mutations.entry("BF16", [], 0, 2)}, b"\x80\x3f"))
    found = io.open(path, "a")
    assert (found.shape, float(found), found.storage) == ((), 1.0, "bf16")  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------------- claims of size


def patched(path: Path, *, unpacked: int, packed: int | None = None) -> Path:
    """Let the directory of an archive of one member claim other sizes."""
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, unpacked)
    if packed is not None:
        struct.pack_into("<I", content, directory + 20, packed)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("packed", [None, 4_000_000, 2_000_000_000])
def test_an_archive_that_claims_gigabytes_is_refused_before_they_are_allocated(tmp_path: Path, packed: Any) -> None:
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header("(500000, 1000)"))
    size = len(header("(500000, 1000)")) + 4_000_000_000
    tracemalloc.start()
    assert refusal(patched(path, unpacked=size, packed=packed)).code == "damaged_file"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_an_honest_packed_member_takes_the_memory_of_its_numbers(tmp_path: Path) -> None:
    path, megabytes = tmp_path / "x.npz", 64
    np.savez_compressed(path, a=np.zeros((megabytes, 1 << 17)))
    tracemalloc.start()
    found = io.open(path, "a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.nbytes == megabytes << 20
    assert peak < found.nbytes + (8 << 20)


def test_memory_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The claim is honest, and the machine too small for it: here by a limit of the address space."""
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros((256, 1 << 17)))
    code = (
        "import resource, sys, resemblance as rs; from resemblance import io\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20), resource.RLIM_INFINITY))\n"
        "try:\n    io.open(sys.argv[1], 'a')\n"
        "except rs.ResemblanceError as error:\n    print(error.code)"
    )
    if not os.path.exists("/proc/self/statm") or not hasattr(resource, "RLIMIT_AS"):  # noqa: PTH110
        pytest.skip("needs Linux")
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout.strip(), done.returncode) == ("over_budget", 0), done.stderr


def test_packed_bytes_beyond_the_array_and_a_wrong_checksum_are_noticed(tmp_path: Path) -> None:
    good = np.arange(100.0)
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=good)
    np.testing.assert_array_equal(io.open(path, "a"), good)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 16] ^= 1  # the checksum
    path.write_bytes(content)
    assert "checksum" in str(refusal(path))


# ------------------------------------------------------------------------------------------------------- long names


def test_names_of_thousands_of_digits_are_sorted_and_cut(tmp_path: Path) -> None:
    long = "h" + "9" * 5000
    path = tmp_path / "x.safetensors"
    entries = {long: mutations.entry("F8", [1], 0, 1), "h10": mutations.entry("U8", [1], 1, 2)}
    path.write_bytes(mutations.safetensors(entries, bytes(2)))
    assert refusal(path, long).code == "unsupported_dtype"
    assert refusal(path, "h" + "8" * 5000).code == "unknown_key"
    entries[long]["dtype"] = "U8"
    path.write_bytes(mutations.safetensors(entries, bytes(2)))
    assert [len(name) for name in io.load_many(path)] == [len("x:h10"), len("x:") + len(long)]
    assert len(repr(io.open(path))) < 300
    entries[long]["shape"] = [3]
    path.write_bytes(mutations.safetensors(entries, bytes(2)))
    assert refusal(path).code == "damaged_file"


def test_many_members_take_time_in_proportion(tmp_path: Path) -> None:
    """Counted, not timed: the directory of an archive is read once, however many arrays are read from it."""
    path = tmp_path / "x.npz"
    np.savez(path, **{f"a{number}": np.full(2, number) for number in range(300)})
    with pytest.MonkeyPatch.context() as patch:
        opened = []
        real = zipfile.ZipFile.__init__

        def counting(self: Any, *how: Any, **options: Any) -> None:
            opened.append(how)
            real(self, *how, **options)

        patch.setattr(zipfile.ZipFile, "__init__", counting)
        found = io.load_many(path)
    assert [int(array[0]) for array in found.values()] == [*range(300)]
    assert len(opened) == 1


# -------------------------------------------------------------------------------------------------- what is no file


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".csv"])
def test_pipes_devices_and_sockets_are_refused_at_once(tmp_path: Path, suffix: str) -> None:
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    assert refusal(pipe).code == "not_a_file"
    device = tmp_path / f"zero{suffix}"
    device.symlink_to("/dev/zero")
    assert refusal(device).details["kind"] == "a device"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / f"socket{suffix}"))
        assert refusal(tmp_path / f"socket{suffix}").code == "not_a_file"


def test_names_that_are_no_text_are_shown_as_such(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/h\xff.npy"
    with open(raw, "wb") as file:  # noqa: PTH123 - the name is bytes
        np.save(file, np.ones((2, 2)))
    assert list(io.load_many(tmp_path / "*.npy")) == ["h\\udcff"]
