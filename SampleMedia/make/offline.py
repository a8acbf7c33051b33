"""The offline reference: the cut as the editor saw it, made from the cut's own data and no other program.

FFmpeg decodes the clips to small planes and encodes the result; which frame is where, mixes, wipes and the
record timecode in the picture are worked out here. The wipe's edge and the dissolve's share are those of
the lists: (k+1)/(n+1).
"""

import subprocess
from functools import lru_cache
from pathlib import Path

from catalogue import Clip, label
from cut import START, Cut, Edit

WIDTH, HEIGHT = 320, 180
CHROMA = (WIDTH // 2, HEIGHT // 2)
SIZE = WIDTH * HEIGHT * 3 // 2
BLACK = bytes([16]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)
# Digits and colon, five by seven, a row a number.
GLYPHS = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14), "2": (14, 17, 1, 6, 8, 16, 31),
    "3": (14, 17, 1, 6, 1, 17, 14), "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8), "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12), ":": (0, 4, 4, 0, 4, 4, 0),
}
BURN_IN = (118, 163, 202, 177)  # left, top, right, bottom of the timecode's box


class Rushes:
    """Frames of the camera clips, letterboxed; each clip is decoded once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @lru_cache(maxsize=None)
    def clip(self, item: Clip) -> bytes:
        fit = (f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=decrease:force_divisible_by=2"
               f":flags=area+accurate_rnd+bitexact,pad={WIDTH}:{HEIGHT}:(ow-iw)/2:(oh-ih)/2:color=black")
        return subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-flags:v", "+bitexact", "-i",
             str(self.folder / item.name), "-map", "0:v:0", "-filter_threads", "1", "-vf", fit,
             "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
            check=True, stdout=subprocess.PIPE).stdout

    def frame(self, edit: Edit, at: int) -> bytes:
        """What an edit shows at frame `at` of it, which may lie beyond its end."""
        if edit.is_black:
            return BLACK
        index = edit.shot.position(at)
        frames = self.clip(edit.shot.clip)
        return frames[index * SIZE:(index + 1) * SIZE]


def dissolved(outgoing: bytes, incoming: bytes, frame: int, count: int) -> bytes:
    share, rest, whole = frame + 1, count - frame, count + 1
    table = [[(value * weight) for value in range(256)] for weight in (rest, share)]
    half = whole // 2
    old, new = table
    return bytes((old[a] + new[b] + half) // whole for a, b in zip(outgoing, incoming))


def wiped(outgoing: bytes, incoming: bytes, frame: int, count: int, sideways: bool) -> bytes:
    """The incoming picture left of, or above, a hard edge."""
    planes, start = [], 0
    for width, height in ((WIDTH, HEIGHT), CHROMA, CHROMA):
        edge = round((width if sideways else height) * (frame + 1) / (count + 1))
        for row in range(height):
            first, end = start + row * width, start + (row + 1) * width
            middle = first + edge if sideways else end if row < edge else first
            planes.append(incoming[first:middle] + outgoing[middle:end])
        start += width * height
    return b"".join(planes)


def stamped(picture: bytes, text: str) -> bytes:
    """The record timecode, white in a black box, in the luma."""
    luma = bytearray(picture)
    left, top, right, bottom = BURN_IN
    for row in range(top, bottom):
        luma[row * WIDTH + left:row * WIDTH + right] = bytes([16]) * (right - left)
    for place, letter in enumerate(text):
        for row, bits in enumerate(GLYPHS[letter]):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    luma[(top + 4 + row) * WIDTH + left + 9 + place * 6 + column] = 235
    return bytes(luma)


def pictures(cut: Cut, rushes: Rushes):
    """Every frame of the cut in order."""
    for _, edit in cut.track("V"):
        outgoing = None
        if edit.into and not edit.into.black:
            outgoing = cut.before(edit)
        for frame in range(edit.count):
            shown = rushes.frame(edit, frame)
            if edit.into and frame < edit.into.count:
                old = rushes.frame(outgoing, outgoing.count + frame) if outgoing else BLACK
                if edit.into.code == "D":
                    shown = dissolved(old, shown, frame, edit.into.count)
                else:
                    shown = wiped(old, shown, frame, edit.into.count, edit.into.code == "W001")
            yield stamped(shown, label(START + edit.record + frame))


def make_offline(cut: Cut, folder: Path, target: Path) -> None:
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", "24000/1001", "-i", "-", "-c:v", "libx264", "-preset", "slow", "-crf", "26", "-g", "48", "-bf", "2",
         "-threads", "1", *tags, "-movflags", "+faststart", "-video_track_timescale", "24000",
         "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1",
         "-timecode", label(START), str(target)], stdin=subprocess.PIPE)
    for picture in pictures(cut, Rushes(folder)):
        encoder.stdin.write(picture)
    encoder.stdin.close()
    if encoder.wait():
        raise RuntimeError("ffmpeg failed")
