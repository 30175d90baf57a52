"""Files: what is read, that it is read lazily, and that hostile files are refused by name."""

from __future__ import annotations

import io as bytes_io
import json
import pickle
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import mutations
import numpy as np
import pytest
from mutations import entry, npy

import resemblance as rs
from resemblance import io
from resemblance.errors import ResemblanceError, ResemblanceWarning

if TYPE_CHECKING:
    from pathlib import Path


def code_of(path: Path, key: str | None = None) -> str:
    """Return the code with which a file (or one array of it) is refused."""

    def read_all() -> None:
        opened = io.open(path, key)
        for name in opened if isinstance(opened, io.Members) else ():
            opened[name]

    with pytest.raises(ResemblanceError) as caught:
        read_all()
    assert "\n" not in str(caught.value)
    return str(caught.value.code)


class Bomb:
    """Unpickling this would be noticed."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return pytest.fail, ("code from a file was run",)


# ----------------------------------------------------------------------------------------------------------------- .npy


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", ">f4", ">i2", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_mapped(tmp_path: Path, dtype: str, order: str) -> None:
    array = np.asarray(np.arange(12).reshape(4, 3), dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "x.npy", array)
    opened = io.open(tmp_path / "x.npy")
    assert isinstance(opened, np.memmap)
    assert not opened.flags.writeable
    assert opened.dtype == array.dtype
    assert opened.flags.c_contiguous == array.flags.c_contiguous
    np.testing.assert_array_equal(opened, array)


@pytest.mark.parametrize("shape", [(), (0, 3), (3, 0), (5,), (2, 3, 4)])
def test_npy_of_any_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.ones(shape)
    np.save(tmp_path / "x.npy", array)
    opened = io.open(tmp_path / "x.npy")
    assert opened.shape == shape
    np.testing.assert_array_equal(opened, array)


@pytest.mark.parametrize("content", [np.array([[Bomb()]], dtype=object), np.array([Bomb(), 1.0], dtype=object)])
def test_object_arrays_are_never_unpickled(tmp_path: Path, content: Any) -> None:
    np.save(tmp_path / "x.npy", content, allow_pickle=True)
    assert code_of(tmp_path / "x.npy") == "unsafe_file"
    np.savez(tmp_path / "x.npz", fine=np.ones(2), bad=content)
    assert code_of(tmp_path / "x.npz", "bad") == "unsafe_file"


def test_objects_inside_a_structured_type_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(2, dtype=[("a", "f8"), ("b", "O")]), allow_pickle=True)
    assert code_of(tmp_path / "x.npy") == "unsafe_file"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_itself_npy_is_refused(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(pickle.dumps(Bomb(), protocol))
    assert code_of(path) == "unsafe_file"


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".pickle", ".PT", ".joblib", ".ckpt", ".bin"])
def test_formats_that_run_code_are_refused_with_the_remedy(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ResemblanceError, match="weights_only=True") as caught:
        io.open(path)
    assert caught.value.code == "unsafe_file"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUM",
        b"not an array",
        b"\x93NUMPY\x07\x00" + bytes(64),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10, 10)}", bytes(8)),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 10)}", bytes(80)),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1.5, 2)}", bytes(24)),
        npy("{'descr': '|S0', 'fortran_order': False, 'shape': (3,)}"),
        npy("{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        npy("{'descr': '<f8', 'fortran_order': False}"),
        npy("__import__('os').abort()"),
        npy("(" * 5000),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}",
    ],
)
def test_broken_npy_is_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    assert code_of(path) == "damaged_file"


# ----------------------------------------------------------------------------------------------------------------- .npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_members(tmp_path: Path, save: Any) -> None:
    arrays = {
        "h1": np.arange(6.0).reshape(3, 2),
        "h2": np.asfortranarray(np.ones((3, 4), np.float32)),
        "e": np.zeros((0, 2)),
    }
    save(tmp_path / "acts.npz", **arrays)
    opened = io.open(tmp_path / "acts.npz")
    assert list(opened) == ["h1", "h2", "e"]
    assert len(opened) == 3
    for name, array in arrays.items():
        np.testing.assert_array_equal(opened[name], array)
        assert opened[name].dtype == array.dtype
        np.testing.assert_array_equal(io.open(tmp_path / "acts.npz", name), array)
    assert isinstance(opened["h1"], np.memmap) == (save is np.savez)
    with pytest.raises(KeyError):
        opened["h3"]


def test_an_unknown_key_says_which_there_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "acts.npz", h1=np.ones((2, 2)), h2=np.ones((2, 2)))
    with pytest.raises(ResemblanceError, match="it holds h1, h2") as caught:
        io.open(tmp_path / "acts.npz", "h3")
    assert caught.value.code == "unknown_key"
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    assert code_of(tmp_path / "x.npy", "h1") == "unknown_key"


def zipped(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write an archive by hand."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as archive:
        warnings.simplefilter("ignore")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def saved(array: Any) -> bytes:
    """Return the bytes of an array file."""
    stream = bytes_io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_broken_npz_is_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(b"PK nothing of the kind")
    assert code_of(path) == "damaged_file"
    path.write_bytes(b"")
    assert code_of(path) == "damaged_file"
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        good = saved(np.arange(100.0).reshape(10, 10))
        assert code_of(zipped(path, {"a.npy": good[:-8]}, compression)) == "damaged_file"
        assert code_of(zipped(path, {"a.npy": good + b"more"}, compression)) == "damaged_file"
        assert code_of(zipped(path, {"a.npy": b"text"}, compression)) == "damaged_file"
        assert code_of(zipped(path, {"a.npy": pickle.dumps(Bomb())}, compression)) == "unsafe_file"
    assert code_of(zipped(path, {"a.npy": saved(np.ones(3))}, zipfile.ZIP_LZMA)) == "damaged_file"
    assert code_of(zipped(path, {"a.npy": saved(np.ones(3)), "a": saved(np.zeros(3))})) == "damaged_file"


def test_a_flipped_byte_in_a_packed_member_is_noticed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", {"a.npy": saved(np.random.default_rng(0).random((40, 40)))}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    assert code_of(path) == "damaged_file"


def test_an_archive_that_claims_terabytes_is_refused_without_allocating(tmp_path: Path) -> None:
    header = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}")
    path = zipped(tmp_path / "x.npz", {"a.npy": header}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 0xFFFF_FFF0)  # the unpacked size
    path.write_bytes(content)
    assert code_of(path) == "damaged_file"


# ---------------------------------------------------------------------------------------------------------- safetensors


def safetensors(path: Path, header: Any, data: bytes = b"", size: int | None = None) -> Path:
    """Write a safetensors file by hand."""
    path.write_bytes(mutations.safetensors(header, data, size))
    return path


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("F64", "f8"), ("F32", "f4"), ("F16", "f2"), ("I64", "i8"), ("I32", "i4"), ("I16", "i2"), ("I8", "i1"),
     ("U64", "u8"), ("U32", "u4"), ("U16", "u2"), ("U8", "u1"), ("BOOL", "?")],
)  # fmt: skip
def test_safetensors_of_every_type(tmp_path: Path, kind: str, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    header = {"__metadata__": {"format": "pt"}, "layer.0": entry(kind, [2, 3], 0, len(data))}
    opened = io.open(safetensors(tmp_path / "x.safetensors", header, data))
    assert list(opened) == ["layer.0"]
    np.testing.assert_array_equal(opened["layer.0"], array)
    assert opened["layer.0"].dtype == array.dtype


def test_safetensors_are_mapped_when_numbers_are_aligned(tmp_path: Path) -> None:
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    text = json.dumps({"a": entry("F32", [2, 3], 0, 24)}).encode()
    for padding in range(8):
        padded = text + b" " * padding
        opened = io.open(safetensors(tmp_path / f"{padding}.safetensors", padded, array.tobytes()), "a")
        assert isinstance(opened, np.memmap) == (len(padded) % 4 == 0)
        assert opened.flags.aligned
        np.testing.assert_array_equal(opened, array)


def test_bfloat16_is_widened_and_remembered(tmp_path: Path) -> None:
    values = np.array([[1.0, -2.0], [0.15625, np.inf], [3.0e38, 1.0e-37]], dtype=np.float32)
    bits = (values.view(np.uint32) >> 16).astype("<u2")
    opened = io.open(safetensors(tmp_path / "x.safetensors", {"a": entry("BF16", [3, 2], 0, 12)}, bits.tobytes()), "a")
    assert opened.dtype == np.float32
    np.testing.assert_allclose(opened, values, rtol=2**-7)
    assert opened[0, 0] == 1.0
    assert opened[1, 0] == 0.15625
    assert opened.storage == "bf16"  # type: ignore[attr-defined]
    assert opened[:2].storage == "bf16"  # type: ignore[attr-defined]
    assert type(opened - opened[:1]) is np.ndarray  # arithmetic leaves the narrow type


def test_bfloat16_storage_reaches_the_core(tmp_path: Path) -> None:
    inputs = pytest.importorskip("resemblance._inputs", exc_type=ImportError)
    path = safetensors(tmp_path / "x.safetensors", {"a": entry("BF16", [3, 2], 0, 12)}, bytes(12))
    _, storage = inputs.as_input(io.open(path, "a"), "x")
    assert storage == "bf16"


def test_empty_tensors_and_files(tmp_path: Path) -> None:
    assert len(io.open(safetensors(tmp_path / "x.safetensors", {}))) == 0
    header = {"a": entry("F32", [0, 3], 0, 0), "b": entry("F32", [], 0, 4), "c": entry("F32", [2, 0], 4, 4)}
    opened = io.open(safetensors(tmp_path / "y.safetensors", header, bytes(4)))
    assert [opened[name].shape for name in "abc"] == [(0, 3), (), (2, 0)]


GOOD = entry("F32", [2, 2], 0, 16)

HOSTILE: dict[str, tuple[Any, bytes]] = {
    "no JSON": (b"{nonsense", b""),
    "not UTF-8": (b'{"\xff\xfe": 1}', b""),
    "an array": (b"[1, 2]", b""),
    "space in front": (b' {"a": 1}', b""),
    "deep nesting": (b'{"a":' * 100_000, b""),
    "a number of a million digits": (b'{"a": ' + b"9" * 1_000_000 + b"}", b""),
    "a repeated name": (b"{" + b", ".join(2 * [b'"a": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}']) + b"}", b"1"),
    "an entry that is text": ({"a": "F32"}, b""),
    "an entry without shape": ({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4)),
    "an entry with more": ({"a": GOOD | {"url": "http://example.org"}}, bytes(16)),
    "a negative length": ({"a": entry("F32", [-2, -2], 0, 16)}, bytes(16)),
    "a length of true": ({"a": entry("U8", [True], 0, 1)}, bytes(1)),
    "a broken length": ({"a": entry("F32", [2.0, 2], 0, 16)}, bytes(16)),
    "a length beyond 64 bits": ({"a": entry("F32", [2**64, 2**64], 0, 16)}, bytes(16)),
    "lengths whose product wraps": ({"a": entry("F32", [2**61, 8], 0, 16)}, bytes(16)),
    "zero times huge": ({"a": entry("F32", [0, 2**63], 0, 0)}, b""),
    "too many axes": ({"a": entry("U8", [1] * 65, 0, 1)}, bytes(1)),
    "too few bytes": ({"a": entry("F32", [2, 2], 0, 12)}, bytes(12)),
    "too many bytes": ({"a": entry("F32", [2, 2], 0, 20)}, bytes(20)),
    "an end behind the file": ({"a": GOOD}, bytes(8)),
    "an end before the begin": ({"a": entry("F32", [0], 16, 0)}, bytes(16)),
    "a negative begin": ({"a": entry("F32", [4], -16, 0)}, bytes(16)),
    "three offsets": ({"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 8, 16]}}, bytes(16)),
    "offsets of text": ({"a": entry("F32", [2, 2], "0", "16")}, bytes(16)),
    "two tensors at one place": ({"a": GOOD, "b": GOOD}, bytes(16)),
    "an overlap": ({"a": GOOD, "b": entry("F32", [2, 2], 8, 24)}, bytes(24)),
    "a gap": ({"a": GOOD, "b": entry("F32", [2, 2], 20, 36)}, bytes(36)),
    "a gap in front": ({"a": entry("F32", [2, 2], 4, 20)}, bytes(20)),
    "bytes left over": ({"a": GOOD}, bytes(17)),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_safetensors_are_damaged_files(tmp_path: Path, case: str) -> None:
    header, data = HOSTILE[case]
    path = safetensors(tmp_path / "x.safetensors", header, data)
    assert code_of(path) == "damaged_file"


@pytest.mark.parametrize("size", [3, 2**40, 2**63, 2**64 - 1, 100_000_001])
def test_a_header_of_the_wrong_length_is_a_damaged_file(tmp_path: Path, size: int) -> None:
    assert code_of(safetensors(tmp_path / "x.safetensors", {"a": GOOD}, bytes(16), size)) == "damaged_file"


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00", struct.pack("<Q", 0)])
def test_a_stump_is_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert code_of(path) == "damaged_file"


def test_a_type_without_numpy_twin_is_named(tmp_path: Path) -> None:
    header = {"a": entry("F8_E4M3", [4], 0, 4), "b": entry("F32", [1], 4, 8)}
    opened = io.open(safetensors(tmp_path / "x.safetensors", header, bytes(8)))
    assert opened["b"].shape == (1,)
    with pytest.raises(TypeError, match="F8_E4M3"):
        opened["a"]


# --------------------------------------------------------------------------------------------------------------- tables


def table(path: Path, text: str) -> Path:
    """Write a table as text."""
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a,b\n1,2\n3,4", [[1, 2], [3, 4]]),
        ("\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ('"first, of two",b\n"1",2e-3\n -3 ,+4.5\n', [[1, 0.002], [-3, 4.5]]),
        (",a,b\n0,1,2\n1,3,4\n", [[1, 2], [3, 4]]),  # the index column of pandas
        ("nan,inf\n1,-inf\n", [[np.nan, np.inf], [1, -np.inf]]),
        ("0.5\n1\n", [[0.5], [1]]),
        ("a,b\n", np.zeros((0, 2))),
    ],
)
def test_tables(tmp_path: Path, text: str, expected: Any) -> None:
    opened = io.open(table(tmp_path / "x.csv", text))
    assert opened.dtype == np.float64
    np.testing.assert_array_equal(opened, expected)


def test_one_column_of_whole_numbers_is_class_ids(tmp_path: Path) -> None:
    for text in ("label\n3\n0\n7\n", "3\n0\n7\n", ",label\n0,3\n1,0\n2,7\n"):
        opened = io.open(table(tmp_path / "x.csv", text))
        assert opened.dtype == np.int64
        np.testing.assert_array_equal(opened, [3, 0, 7])


def test_tabs(tmp_path: Path) -> None:
    np.testing.assert_array_equal(io.open(table(tmp_path / "x.tsv", "a\tb c\n1\t2\n")), [[1, 2]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,x\n", r"Line 3, column 2 \('b'\) of .*: 'x' is not a number"),
        ("1,2\n3,\n", r"Line 2, column 2 of .*: an empty field is not a number"),
        ("1,2\n3,4,5\n", r"Line 2 of .* has 3 fields, the first line has 2"),
        ("a,b\n1,2,3\n4,5,6\n", r"Line 2 of .* has 3 fields, the first line has 2"),
        ("1,2\n1_000,4\n", r"Line 2, column 1 of .*: '1_000' is not a number"),
        ("1;2\n3;4\n", r"Line 2, column 1 \('1;2'\) of .*: '3;4' is not a number"),
        (",a\nfirst,1\nsecond,two\n", r"Line 3, column 2 \('a'\) of .*: 'two' is not a number"),
        ("1,2\n1+2j,4\n", r"Line 2, column 1 of .*: '1\+2j' is not a number"),
    ],
)
def test_the_bad_field_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ResemblanceError, match=message) as caught:
        io.open(table(tmp_path / "x.csv", text))
    assert caught.value.code == "not_a_number"


def test_text_columns_in_front_named_like_an_index_are_dropped(tmp_path: Path) -> None:
    np.testing.assert_array_equal(io.open(table(tmp_path / "x.csv", ",a,b\nfirst,1,2\nsecond,3,4\n")), [[1, 2], [3, 4]])


def test_a_header_that_counts_is_taken_for_a_header_and_said(tmp_path: Path) -> None:
    with rs.config(on_warning="warn"), pytest.warns(ResemblanceWarning, match="header_assumed"):
        opened = io.open(table(tmp_path / "x.csv", "0,1,2\n5,6,7\n"))
    np.testing.assert_array_equal(opened, [[5, 6, 7]])


def test_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1,2\n\xff\xfe,3\n")
    assert code_of(path) == "damaged_file"


@pytest.mark.parametrize("name", mutations.small_files())
def test_damage_of_any_kind_is_named(tmp_path: Path, name: str) -> None:
    """A damaged file is read or refused, and nothing else happens; `make fuzz` does the same for longer."""
    path, random, refused = tmp_path / name, np.random.default_rng(0), []
    good = mutations.small_files()[name]
    path.write_bytes(good)
    for opened in (io.open(path),):
        assert len([opened[key] for key in opened] if isinstance(opened, io.Members) else opened) > 1
    for _ in range(150):
        path.write_bytes(mutations.damaged(good, random))
        try:
            opened = io.open(path)
            for key in opened if isinstance(opened, io.Members) else ():
                np.array(opened[key])
        except ResemblanceError as error:
            refused.append(error.code)
    assert len(refused) > 20
    assert set(refused) <= mutations.REFUSALS


# ------------------------------------------------------------------------------------------------------- names and many


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.h5").write_bytes(b"")
    assert code_of(tmp_path / "x.h5") == "unknown_format"
    with pytest.raises(FileNotFoundError, match=r"missing\.npy"):
        io.open(tmp_path / "missing.npy")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(OSError, match=r"folder\.npy"):
        io.open(tmp_path / "folder.npy")


def test_many_files_sorted_the_natural_way(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        np.save(tmp_path / f"layer{number}.npy", np.full((2, 2), number))
    opened = io.load_many(tmp_path / "layer*.npy")
    assert list(opened) == ["layer1", "layer9", "layer10"]
    assert opened["layer9"][0, 0] == 9


def test_names_are_made_unique_by_the_folder(tmp_path: Path) -> None:
    for run in ("run1", "run2"):
        for step in ("early", "late"):
            folder = tmp_path / run / step
            folder.mkdir(parents=True)
            np.save(folder / "h.npy", np.ones((2, 2)))
    one = io.load_many([str(tmp_path / "run1/early/h.npy"), str(tmp_path / "run2/early/h.npy")])
    assert list(one) == ["run1/early/h", "run2/early/h"]
    two = io.load_many([tmp_path / "run1/*/*.npy"])
    assert list(two) == ["early/h", "late/h"]
    assert len(io.load_many([tmp_path / "**/h.npy"])) == 4


def test_members_by_pattern(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", h10=np.ones((2, 1)), h2=np.ones((2, 2)), out=np.ones((2, 3)))
    path = str(tmp_path / "net.npz")
    assert list(io.load_many(path)) == ["net:h2", "net:h10", "net:out"]
    assert list(io.load_many(path + ":h*")) == ["net:h2", "net:h10"]
    assert list(io.load_many([path + ":out", path])) == ["net:out", "net:h2", "net:h10"]
    with pytest.raises(ResemblanceError, match="has no array 'z"):
        io.load_many(path + ":z*")


def test_nothing_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\*"):
        io.load_many(str(tmp_path / "none*.npy"))


def test_a_name_with_brackets_is_a_file_first(tmp_path: Path) -> None:
    np.save(tmp_path / "h[1].npy", np.ones((2, 2)))
    assert list(io.load_many(str(tmp_path / "h[1].npy"))) == ["h[1]"]
