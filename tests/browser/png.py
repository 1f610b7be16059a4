"""Puts pictures of one width below one another, without decoding them: only where two meet is a line written anew."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}
"""Colour type to bytes of a pixel, at 8 bits a channel: what browsers write."""
NONE, SUB, UP, AVERAGE, PAETH = range(5)
FAST = 3
"""Level of compression."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Its lines are filtered still, each with the filter's number before it."""

    width: int
    height: int
    colour: int
    lines: bytes

    @property
    def pixel(self) -> int:
        """Bytes of a pixel."""
        return CHANNELS[self.colour]

    @property
    def line(self) -> int:
        """Bytes of a line, the filter's number included."""
        return 1 + self.width * self.pixel


def read(png: bytes) -> Picture:
    """Read a picture of 8 bits a channel, not interlaced, as browsers write it. Raises ValueError for any other."""
    chunks = list(_chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or colour not in CHANNELS or interlaced:
        message = "no picture of a browser's"
        raise ValueError(message)
    return Picture(width, height, colour, zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")))


def joined(parts: Sequence[bytes]) -> bytes:
    """Return one picture of several, the first one on top. They have the same width and the same kind of pixels."""
    pictures = [read(part) for part in parts]
    first = pictures[0]
    if {(picture.width, picture.colour) for picture in pictures} != {(first.width, first.colour)}:
        message = "pictures of different widths or pixels"
        raise ValueError(message)
    lines = first.lines + b"".join(_alone(picture) for picture in pictures[1:])
    head = struct.pack(">IIBBBBB", first.width, sum(picture.height for picture in pictures), 8, first.colour, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, FAST)), (b"IEND", b""))
    return SIGNATURE + b"".join(map(_written, *zip(*chunks, strict=True)))


def _alone(picture: Picture) -> bytes:
    """Return a picture's lines, the first of which no longer counts on that there is nothing above it."""
    line = bytearray(picture.lines[: picture.line])
    kind, line[0] = line[0], NONE
    for place in range(1, len(line)):
        before = line[place - picture.pixel] if place > picture.pixel else 0
        line[place] = (line[place] + _guess(kind, before)) & 255
    return bytes(line) + picture.lines[picture.line :]


def _guess(kind: int, before: int) -> int:
    """Return what a filter takes off where the line above is nothing: Paeth's then does as Sub."""
    if kind in (SUB, PAETH):
        return before
    return before // 2 if kind == AVERAGE else 0


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(png):
        (size,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        place += size + 12


def _written(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
