#!/usr/bin/env python3
"""Makes every derived file of SampleMedia again from the public files it came from.

Needed only to change the material: the files themselves are in the repository. Takes ffmpeg 5.1 with
libx264 and Python 3.11, nothing else, about three minutes. The same versions give the
same bytes. `README.md` names what is made from what; its table of digests is rewritten at the end.

    SampleMedia/make_sample_media.py --samples FOLDER
"""

import argparse
import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "make"))

from elements import make_elements  # noqa: E402
from logo import make_logo  # noqa: E402
from look import make_look  # noqa: E402
from rushes import make_rushes  # noqa: E402
from sound import make_sound  # noqa: E402
from turnover import make_turnover  # noqa: E402

FOLDERS = ["rushes", "sound", "turnover", "turnover/comps", "luts"]
FENCES = ("<!-- digests: written by make_sample_media.py -->", "<!-- end of digests -->")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=Path, required=True,
                        help="folder that holds the public files README.md names, by their paths there")
    parser.add_argument("--output", type=Path, default=HERE, help="where to write (default: SampleMedia)")
    parser.add_argument("--only", choices=FOLDERS, action="append", help="make only this folder (repeatable)")
    return parser.parse_args()


def row(file: Path, root: Path) -> str:
    content = file.read_bytes()
    return f"| `{file.relative_to(root)}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |"


def made_files(root: Path) -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (root / folder).glob("*")
                  if file.suffix in {".mov", ".mp4", ".wav", ".edl", ".otio", ".ccc", ".cube"})


def stills_row(pattern: str, root: Path) -> str:
    """Numbered stills as one: their bytes one after the other."""
    content = b"".join(file.read_bytes() for file in sorted(root.glob(pattern.replace("####", "????"))))
    return f"| `{pattern}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |"


def table(root: Path) -> str:
    lines = ["| file | bytes | SHA-256 |", "|---|---:|---|"]
    stills = [stills_row(f"turnover/comps/{name}", root) for name in ("beams.####.exr", "motes.####.png")]
    return "\n".join(lines + [row(file, root) for file in made_files(root)] + stills)


def update_readme(root: Path) -> None:
    readme = root / "README.md"
    if not readme.exists():
        return
    before, rest = readme.read_text(encoding="utf-8").split(FENCES[0])
    after = rest.split(FENCES[1])[1]
    text = f"{before}{FENCES[0]}\n{table(root)}\n{FENCES[1]}{after}"
    readme.write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    options = arguments()
    folders = options.only or FOLDERS
    if not (options.samples / "media/video").is_dir() and {"rushes", "sound"} & set(folders):
        print(f"make_sample_media: no media/video in {options.samples}; say --samples PATH", file=sys.stderr)
        return 3
    root = options.output
    if "rushes" in folders:
        make_rushes(options.samples, root / "rushes")
    if "sound" in folders:
        make_sound(options.samples, root / "sound")
    if "turnover" in folders:
        make_turnover(root / "turnover", root / "rushes")
        make_logo(root)
    if "turnover/comps" in folders:
        make_elements(root)
    if "luts" in folders:
        make_look(root / "luts")
    update_readme(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
