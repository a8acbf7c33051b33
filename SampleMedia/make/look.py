"""The show look: a gentle film-print feeling for Rec.709 display values, in and out, as a .cube file.

Only +, - and * are used, so the file is the same on every machine. Black stays black, white stays
white to within a few thousandths, and every channel rises with its input everywhere.
"""

from pathlib import Path

SIZE = 33


def tone(value: float) -> float:
    """Soft contrast: a quarter of the way from straight to the smooth S-curve 3x^2 - 2x^3."""
    return 0.72 * value + 0.28 * value * value * (3 - 2 * value)


def luminance(colour: list[float]) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def printed(red: float, green: float, blue: float) -> list[float]:
    """Contrast, a little less colour towards white, cool shadows and warm highlights."""
    colour = [tone(red), tone(green), tone(blue)]
    level = luminance(colour)
    colourful = 1.04 - 0.14 * level * level
    middle = 4 * level * (1 - level)  # 0 at black and white, so both stay put
    warmth = middle * (level - 0.42)
    split = [0.045 * warmth, 0.008 * warmth, -0.055 * warmth]
    return [level + (value - level) * colourful + shift for value, shift in zip(colour, split)]


def clamped(value: float) -> float:
    return min(1.0, max(0.0, value))


def cube() -> str:
    lines = ['TITLE "Interlock show look, Rec.709 display"', f"LUT_3D_SIZE {SIZE}",
             "DOMAIN_MIN 0.0 0.0 0.0", "DOMAIN_MAX 1.0 1.0 1.0"]
    steps = [index / (SIZE - 1) for index in range(SIZE)]
    for blue in steps:
        for green in steps:
            for red in steps:
                lines.append(" ".join(f"{clamped(value):.6f}" for value in printed(red, green, blue)))
    return "\n".join(lines) + "\n"


def make_look(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    print("luts/show.cube", flush=True)
    (folder / "show.cube").write_text(cube(), encoding="ascii", newline="\n")
