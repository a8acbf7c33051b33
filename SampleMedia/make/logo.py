"""The logo of the sample film's company: a ring of interlocked teeth, white on nothing, as PNG.

Drawn with the standard library alone: distances to shapes give the coverage of every pixel.

    SampleMedia/make/logo.py SampleMedia/turnover/logo.png
"""

import math
import struct
import sys
import zlib
from pathlib import Path

SIZE = 256
TEETH = 12


def coverage(distance: float) -> float:
    """How much of a pixel lies inside of an edge that is `distance` pixels away; negative is inside."""
    return min(1.0, max(0.0, 0.5 - distance))


def alpha(x: float, y: float) -> int:
    """Two rings whose teeth grip each other, and a dot."""
    dx, dy = x - SIZE / 2, y - SIZE / 2
    radius, angle = math.hypot(dx, dy), math.atan2(dy, dx)
    # A wave of flat crests: the boundary between the rings.
    wave = math.tanh(6 * math.sin(TEETH * angle)) * 9
    slope = 1 + abs(54 * TEETH * math.cos(TEETH * angle) / max(radius, 1)) * (1 - (wave / 9) ** 2)
    outer = max(radius - 122, (82 + wave + 3 - radius) / math.sqrt(slope))
    inner = max((radius - (82 + wave - 3)) / math.sqrt(slope), 44 - radius)
    dot = radius - 16
    return round(255 * max(coverage(outer), coverage(inner), coverage(dot)))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png() -> bytes:
    rows = bytearray()
    for row in range(SIZE):
        rows.append(0)  # no filter
        for column in range(SIZE):
            rows += bytes((255, 255, 255, alpha(column + 0.5, row + 0.5)))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)  # 8 bits, R G B A
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 9))
            + chunk(b"IEND", b""))


def make_logo(output: Path) -> None:
    """Writes the logo beside the credits that show it."""
    (output / "turnover" / "logo.png").write_bytes(png())


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(png())
