"""Turns numbered 16-bit PNG pictures upside down: what a program for `kind: external` looks like.

    python3 flip.py INPUT-PATTERN OUTPUT-PATTERN FIRST LAST REPORT

Patterns are as C's printf writes them. Python's standard library only; one picture in memory at a time.
"""

import json
import struct
import sys
import zlib


def chunks(data):
    place = 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        yield kind, data[place + 8 : place + 8 + size]
        place += 12 + size


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flip(source, target):
    with open(source, "rb") as file:
        parts = list(chunks(file.read()))
    header = dict(parts)[b"IHDR"]
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    row = 1 + width * {0: 1, 2: 3, 4: 2, 6: 4}[colour] * depth // 8
    rows = zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT"))
    lines = [rows[start : start + row] for start in range(0, row * height, row)]
    # Rows that lean on their neighbours cannot change places; stills-16bit has none.
    if any(line[0] for line in lines):
        sys.exit(f"{source} uses row filters, which this example does not undo")
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    picture += chunk(b"IDAT", zlib.compress(b"".join(reversed(lines)), 1)) + chunk(b"IEND", b"")
    with open(target, "wb") as file:
        file.write(picture)
    return width, height


def main():
    source, target, first, last, report = sys.argv[1:]
    first, last = int(first), int(last)
    for number in range(first, last + 1):
        size = flip(source % number, target % number)
        print(f"openjd_progress: {100 * (number - first + 1) / (last - first + 1):.1f}", flush=True)
    with open(report, "w") as file:
        json.dump({"pictures": last - first + 1, "width": size[0], "height": size[1]}, file)


main()
