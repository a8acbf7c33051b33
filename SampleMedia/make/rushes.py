"""Camera clips: public footage trimmed, put on their rate, scaled and given timecode and a reel."""

import struct
import subprocess
from pathlib import Path

from catalogue import CLIPS, Clip

SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
TAGS = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]


def picture_filter(item: Clip) -> str:
    """Trim by frame number, then number the frames anew at the clip's rate, then scale."""
    width, height = item.size
    steps = ["fps=24000/1001:round=near"] if item.resampled else []
    steps += [
        f"trim=start_frame={item.first}:end_frame={item.first + item.count}",
        f"settb={item.rate.denominator}/{item.rate.numerator}",
        "setpts=N",
        f"scale={width}:{height}:in_color_matrix={item.footage.matrix}:in_range=tv"
        f":out_color_matrix=bt709:out_range=tv:{SCALER}",
        "setsar=1",
        "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
    ]
    return ",".join(steps)


def codec_options(item: Clip) -> list[str]:
    if item.codec == "h264":
        return ["-c:v", "libx264", "-preset", "slow", "-crf", str(item.quality), "-pix_fmt", "yuv420p",
                "-g", str(item.keyframes), "-keyint_min", "12", "-bf", str(item.between)]
    profile = {"proxy": "0", "lt": "1"}[item.codec]
    return ["-c:v", "prores_ks", "-profile:v", profile, "-qscale:v", str(item.quality),
            "-pix_fmt", "yuv422p10le", "-vendor", "apl0"]


def make_clip(item: Clip, samples: Path, folder: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-flags:v", "+bitexact",
               "-i", str(samples / item.footage.path), "-map", item.footage.stream, "-an", "-sn", "-dn",
               "-filter_threads", "1", "-vf", picture_filter(item), "-r", str(item.rate)]
    command += codec_options(item) + TAGS
    command += ["-threads", "1", "-map_metadata", "-1", "-map_chapters", "-1",
                "-fflags", "+bitexact", "-flags:v", "+bitexact", "-video_track_timescale", str(timescale(item)),
                "-timecode", item.start, "-metadata:s:v", f"reel_name={item.reel}", str(folder / item.name)]
    subprocess.run(command, check=True)
    if item.label_rate != item.rate:
        relabel(folder / item.name, item)


def timescale(item: Clip) -> int:
    return item.rate.numerator if item.rate.numerator > 1000 else item.rate.numerator * 1000


# A camera that runs off-speed still counts the base of its project: the muxer cannot write that, so the
# timecode track is given another base and start in place.


def boxes(data: bytes, start: int, end: int):
    """Kind, content and end of each box of a QuickTime file."""
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", data[start:start + 8])
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", data[start + 8:start + 16])[0], 16
        yield kind, start + header, start + size
        start += size


def inside(data: bytes, path: list[bytes], start: int, end: int):
    """Every box at a path."""
    for kind, content, stop in boxes(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield content, stop
            else:
                yield from inside(data, path[1:], content, stop)


def relabel(path: Path, item: Clip) -> None:
    data = bytearray(path.read_bytes())
    for content, stop in inside(data, [b"moov", b"trak", b"mdia", b"minf", b"stbl"], 0, len(data)):
        description = next(inside(data, [b"stsd"], content, stop))[0]
        if data[description + 12:description + 16] != b"tmcd":
            continue
        fields = description + 8 + 24  # after size, kind, reserved, reference, reserved and flags: the rate
        struct.pack_into(">IIB", data, fields, item.label_rate.numerator, item.label_rate.denominator, item.base)
        offsets = next(inside(data, [b"stco"], content, stop))[0]
        sample = struct.unpack_from(">I", data, offsets + 8)[0]
        struct.pack_into(">I", data, sample, item.start_frame)
    path.write_bytes(data)


def make_rushes(samples: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in CLIPS:
        print(f"rushes/{item.name}", flush=True)
        make_clip(item, samples, folder)
