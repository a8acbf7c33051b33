"""Material for the comps: sun beams as linear EXR, drifting motes as 16-bit PNG with straight alpha, and a finished comp.

Beams and motes are loops of 48 frames, made with the standard library alone. The finished comp is derived from the
plate of HEXAGON_420 by ffmpeg: a cold morning instead of a warm lamp, with the glow of the mirror around its edges.
"""

import math
import random
import struct
import subprocess
import zlib
from pathlib import Path

FRAMES = 48
FIRST = 1001

# -- OpenEXR: scan lines, half floats, ZIP. Source: OpenEXR file layout, openexr.com.


def attribute(name: str, kind: str, value: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value


def exr(width: int, height: int, planes: dict[str, list[float]]) -> bytes:
    names = sorted(planes)
    channels = b"".join(name.encode() + b"\0" + struct.pack("<iB3xii", 1, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = struct.pack("<ii", 20000630, 2) + b"".join([
        attribute("channels", "chlist", channels),
        attribute("compression", "compression", b"\x03"),
        attribute("dataWindow", "box2i", window),
        attribute("displayWindow", "box2i", window),
        attribute("lineOrder", "lineOrder", b"\0"),
        attribute("pixelAspectRatio", "float", struct.pack("<f", 1)),
        attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        attribute("screenWindowWidth", "float", struct.pack("<f", 1)),
    ]) + b"\0"
    blocks = []
    for top in range(0, height, 16):
        raw = b"".join(struct.pack(f"<{width}e", *planes[name][row * width:(row + 1) * width])
                       for row in range(top, min(top + 16, height)) for name in names)
        split = raw[0::2] + raw[1::2]
        predicted = bytes([split[0]] + [(after - before + 128) & 255 for before, after in zip(split, split[1:])])
        packed = zlib.compress(predicted, 9)
        blocks.append(struct.pack("<ii", top, min(len(packed), len(raw))) + (packed if len(packed) < len(raw) else raw))
    offset = len(header) + 8 * len(blocks)
    table = b""
    for block in blocks:
        table += struct.pack("<Q", offset)
        offset += len(block)
    return header + table + b"".join(blocks)


def png(width: int, height: int, rows: list[bytes]) -> bytes:
    """16-bit RGBA from big-endian rows, each filtered against the one above."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    filtered, above = [], bytes(len(rows[0]))
    for row in rows:
        filtered.append(b"\x02" + bytes((value - up) & 255 for value, up in zip(row, above))
                        if row != above else b"\x02" + bytes(len(row)))
        above = row
    header = struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(filtered), 9))
            + chunk(b"IEND", b""))


# -- Beams: shafts that fan out from above the surface, in light, premultiplied (with the brightness as cover).


def beam(angle: float, phase: float) -> float:
    """Brightness of the shafts by direction: waves of several widths that drift by whole turns in a loop."""
    waves = (math.sin(17 * angle + phase) + math.sin(29 * angle - 2 * phase + 1.3)
             + 0.7 * math.sin(53 * angle + phase + 4.1) + 0.5 * math.sin(83 * angle - phase + 2.2))
    return max(0.0, 0.5 + 0.32 * waves) ** 2


def beams(folder: Path, width: int = 160, height: int = 90) -> None:
    source = (0.62 * width, -0.55 * height)
    for frame in range(FRAMES):
        phase = 2 * math.pi * frame / FRAMES
        level = []
        for y in range(height):
            for x in range(width):
                across, down = x + 0.5 - source[0], y + 0.5 - source[1]
                depth = (y + 0.5) / height
                aside = across / (0.75 * width)
                fade = max(0.0, 1 - depth) ** 1.4 * max(0.0, 1 - aside * aside)
                level.append(0.55 * fade * beam(math.atan2(across, down), phase))
        # Finer steps would only be noise to the compression.
        level = [round(value * 512) / 512 for value in level]
        planes = {"R": [0.62 * value for value in level], "G": [0.93 * value for value in level],
                  "B": level, "A": level}
        (folder / f"beams.{FIRST + frame}.exr").write_bytes(exr(width, height, planes))


# -- Motes: small lights that drift upwards, each with a life of its own within the loop.


def motes(folder: Path, width: int = 640, height: int = 360, count: int = 46) -> None:
    chance = random.Random(240)
    colours = [(65535, 57000, 34000), (60000, 65535, 48000), (43000, 65535, 62000)]
    lights = [{
        "x": chance.uniform(20, width - 20), "y": chance.uniform(40, height - 10),
        "rise": chance.uniform(14, 46), "sway": chance.uniform(2, 9), "turn": chance.uniform(0, 2 * math.pi),
        "born": chance.randrange(FRAMES), "radius": 2.2 + 4.6 * chance.random() ** 2,
        "strength": chance.uniform(0.35, 1.0), "colour": chance.choice(colours),
    } for _ in range(count)]
    for frame in range(FRAMES):
        cover: dict[tuple[int, int], tuple[float, tuple[int, int, int]]] = {}
        for light in lights:
            age = (frame - light["born"]) % FRAMES / FRAMES
            alive = light["strength"] * math.sin(math.pi * age) ** 2
            x = light["x"] + light["sway"] * math.sin(2 * math.pi * age + light["turn"])
            y = light["y"] - light["rise"] * age
            reach = int(3.2 * light["radius"]) + 1
            for py in range(max(0, int(y) - reach), min(height, int(y) + reach + 1)):
                for px in range(max(0, int(x) - reach), min(width, int(x) + reach + 1)):
                    distance = ((px + 0.5 - x) ** 2 + (py + 0.5 - y) ** 2) / light["radius"] ** 2
                    value = alive * (0.75 * math.exp(-2.2 * distance) + 0.25 * math.exp(-0.55 * distance))
                    before = cover.get((px, py), (0.0, light["colour"]))
                    if value > 0.004 and value > before[0]:
                        cover[(px, py)] = (value, light["colour"])
        rows = []
        for py in range(height):
            row = bytearray(8 * width)
            for px in (px for px in range(width) if (px, py) in cover):
                value, colour = cover[(px, py)]
                # Eleven bits of cover are finer than any display.
                struct.pack_into(">4H", row, 8 * px, *colour, min(65535, round(value * 2047) * 32))
            rows.append(bytes(row))
        (folder / f"motes.{FIRST + frame}.png").write_bytes(png(width, height, rows))


# -- The finished comp.


def finished(rushes: Path, folder: Path) -> None:
    """Every frame of the plate: moonlit, with the mirror's glow spilling over what stands before it."""
    graph = ("[0:v]format=gbrp10le,split[plate][lit];"
             "[lit]curves=all='0/0 0.45/0 0.75/0.5 1/1',gblur=sigma=14:steps=3,"
             "colorchannelmixer=rr=0.45:gg=0.75:bb=1.0[glow];"
             "[plate]colorchannelmixer=rr=0.50:rg=0.12:gr=0.10:gg=0.72:gb=0.08:br=0.20:bg=0.35:bb=0.90[cold];"
             "[cold][glow]blend=all_mode=screen,"
             "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,"
             "format=yuv420p10le,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709[out]")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-flags:v", "+bitexact",
         "-i", str(rushes / "E001C002_261105_R4EF.mov"), "-filter_complex_threads", "1",
         "-filter_complex", graph, "-map", "[out]", "-c:v", "libx264", "-preset", "slow", "-crf", "13", "-g", "12",
         "-threads", "1", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
         "-color_range", "tv", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
         str(folder / "HEXAGON_420_comp_v001.mov")], check=True)


def make_elements(root: Path) -> None:
    folder = root / "turnover/comps"
    folder.mkdir(parents=True, exist_ok=True)
    print("turnover/comps/beams", flush=True)
    beams(folder)
    print("turnover/comps/motes", flush=True)
    motes(folder)
    print("turnover/comps/HEXAGON_420_comp_v001.mov", flush=True)
    finished(root / "rushes", folder)
