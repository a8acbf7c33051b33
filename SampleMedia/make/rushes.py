"""Camera clips: public footage trimmed, put on 24000/1001, scaled and given timecode and a reel."""

import subprocess
from pathlib import Path

from catalogue import CLIPS, Clip

SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
TAGS = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]


def picture_filter(item: Clip) -> str:
    """Trim by frame number, then number the frames anew at 24000/1001, then scale."""
    width, height = item.size
    steps = ["fps=24000/1001:round=near"] if item.resampled else []
    steps += [
        f"trim=start_frame={item.first}:end_frame={item.first + item.count}",
        "settb=1001/24000",
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
               "-filter_threads", "1", "-vf", picture_filter(item), "-r", "24000/1001"]
    command += codec_options(item) + TAGS
    command += ["-threads", "1", "-map_metadata", "-1", "-map_chapters", "-1",
                "-fflags", "+bitexact", "-flags:v", "+bitexact", "-video_track_timescale", "24000",
                "-timecode", item.start, "-metadata:s:v", f"reel_name={item.reel}", str(folder / item.name)]
    subprocess.run(command, check=True)


def make_rushes(samples: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in CLIPS:
        print(f"rushes/{item.name}", flush=True)
        make_clip(item, samples, folder)
