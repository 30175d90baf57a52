"""NumPy's archives: array files in a ZIP file, as they are or deflated.

The directory is read once. An array without compression is a view of the mapped file; a deflated one is unpacked in
pieces into its place, so that its size is the size of the memory it takes.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from resemblance.io._members import Members, array_at
from resemblance.io._npy import array_called, read_header
from resemblance.io._refusals import damaged, first_line, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from resemblance.io._members import Array
    from resemblance.io._npy import NpyHeader

_LOCAL_HEADER: Final = 30  # bytes, without the name
_PIECE: Final = 1 << 20  # bytes unpacked at a time
_FEED: Final = 1 << 16  # bytes taken from the file at a time
_MOST_PACKED: Final = 1032  # to 1: deflate cannot do better
_ENCRYPTED: Final = 1  # a flag


class Npz(Members):
    """The arrays of an archive."""

    def __init__(self, path: Path) -> None:
        length = path.stat().st_size
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
        except Exception as error:  # noqa: BLE001 - of a hostile archive zipfile says a dozen different things
            damaged(path, f"it is no .npz archive ({first_line(error)})")
        self._infos = {info.filename.removesuffix(".npy"): info for info in infos if info.filename[-1:] != "/"}
        if len(self._infos) < len(infos):
            damaged(path, "two of its arrays have one name, or it holds folders")
        for name, info in self._infos.items():
            if not 0 <= info.header_offset <= length - _LOCAL_HEADER - info.compress_size:
                damaged(path, f"{array_called(name)} claims {info.compress_size} packed bytes, the file has {length}")
        super().__init__(path, self._infos)

    def _read(self, name: str) -> Array:
        info, what = self._infos[name], array_called(name)
        if info.flag_bits & _ENCRYPTED:
            damaged(self.path, f"{what} is encrypted")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            damaged(self.path, f"{what} uses a compression that NumPy does not write")
        start = self._start(info, what)
        if start + info.compress_size > len(self._mapped):
            damaged(self.path, f"{what} ends behind the end of the file")
        packed = self._mapped[start : start + info.compress_size]
        if info.compress_type == zipfile.ZIP_DEFLATED:
            return self._unpack(what, info, packed.data)
        if info.file_size != info.compress_size:
            damaged(self.path, f"{what} is stored as it is, and claims {info.file_size} and {info.compress_size} bytes")
        header = self._header(what, _Plain(packed.data), info)
        return array_at(self.path, packed, what, **header.place())

    def _unpack(self, what: str, info: zipfile.ZipInfo, packed: memoryview) -> Array:
        if info.file_size > _MOST_PACKED * info.compress_size + _PIECE:
            damaged(self.path, f"{what} claims {info.file_size} bytes packed into {info.compress_size}")
        stream = _Inflated(packed)
        try:
            header = self._header(what, stream, info)
            try:
                content = np.empty(header.content, np.uint8)
            except MemoryError:
                message = f"The {what} of {self.path} has {header.content} bytes, more than there is memory."
                refuse("over_budget", message, path=str(self.path), needed=header.content)
            filled = stream.fill(content.data)
            if filled < len(content):
                damaged(self.path, f"{what} ends after {filled} of {len(content)} bytes")
            if stream.read(1) or not stream.ended or stream.checksum != info.CRC:
                damaged(self.path, f"{what} does not have the checksum that the archive states")
        except zlib.error as error:
            damaged(self.path, f"{what} is broken ({first_line(error)})")
        return content.view(header.dtype).reshape(header.shape, order="F" if header.fortran else "C")

    def _header(self, what: str, stream: _Plain | _Inflated, info: zipfile.ZipInfo) -> NpyHeader:
        header = read_header(self.path, stream, what, info.file_size)
        if header.size + header.content != info.file_size:
            damaged(self.path, f"{what} has {info.file_size} bytes, its header says otherwise")
        return header

    def _start(self, info: zipfile.ZipInfo, what: str) -> int:
        """Where the bytes of a member begin: behind its local header, whose length the directory does not state."""
        local = bytes(self._mapped[info.header_offset : info.header_offset + _LOCAL_HEADER])
        if len(local) < _LOCAL_HEADER or local[:4] != b"PK\x03\x04":
            damaged(self.path, f"{what} has a broken local header")
        name_length, extra_length = struct.unpack("<HH", local[26:30])
        return info.header_offset + _LOCAL_HEADER + int(name_length) + int(extra_length)


class _Plain:
    """Bytes in memory, read from the beginning."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    def read(self, size: int = 0, /) -> bytes:
        found = bytes(self._content[self._at : self._at + max(size, 0)])
        self._at += len(found)
        return found

    def tell(self) -> int:
        return self._at


class _Inflated:
    """Packed bytes, unpacked from the beginning, a piece at a time."""

    def __init__(self, packed: memoryview) -> None:
        self._packed, self._at = packed, 0
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._done = 0
        self.checksum = 0

    @property
    def ended(self) -> bool:
        """Whether the packed bytes say that this was all."""
        return self._inflate.eof

    def read(self, size: int = 0, /) -> bytes:
        """Unpack that many bytes, fewer at the end; `size` is bounded by what headers may have."""
        pieces = []
        while size > 0 and (piece := self._piece(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def tell(self) -> int:
        """Tell how many bytes were unpacked."""
        return self._done

    def fill(self, place: memoryview) -> int:
        """Unpack to a place until it is full, and tell how many bytes there were."""
        filled = 0
        while filled < len(place) and (piece := self._piece(len(place) - filled)):
            place[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def _piece(self, most: int) -> bytes:
        while not self._inflate.eof:
            feed = self._inflate.unconsumed_tail or bytes(self._packed[self._at : self._at + _FEED])
            if not self._inflate.unconsumed_tail:
                self._at += len(feed)
            piece = self._inflate.decompress(feed, min(most, _PIECE))
            self.checksum = zlib.crc32(piece, self.checksum)
            self._done += len(piece)
            if piece or not feed:
                return piece
        return b""
