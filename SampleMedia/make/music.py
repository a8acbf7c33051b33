"""The score: three cues in D minor, synthesised; a beat is 15 frames, so bars fall on frames of the cut.

Pads are detuned saws and a soft FM fifth, the arpeggio is plucked strings (Karplus and Strong), the melody a
bell-like FM voice with a little vibrato; echo and a small room make it stereo. Only the standard library, and
sine tables made once, so the same Python gives the same samples.
"""

import math

from catalogue import SAMPLE_RATE, SAMPLES_PER_FRAME

BEAT = 15 * SAMPLES_PER_FRAME
BAR = 4 * BEAT
TABLE = 4096
SINE = [math.sin(2 * math.pi * index / TABLE) for index in range(TABLE)]
# A saw of 14 harmonics, the upper ones taken back: no edge, no aliases in the octaves used here.
SAW = [sum(math.sin(2 * math.pi * index * n / TABLE) / n * (1 - n / 15) for n in range(1, 15)) * 0.5
       for index in range(TABLE)]

NAMES = {"C": 0, "C#": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "Ab": 8, "A": 9, "Bb": 10, "B": 11}

Channel = list[float]


def hertz(note: str) -> float:
    """Equal temperament, A4 = 440 Hz; a note is its name and octave, e.g. Bb3."""
    return 440 * 2 ** ((NAMES[note[:-1]] + 12 * int(note[-1]) - 57) / 12)


class Stage:
    """Left and right, and what is sent to the echo and the room."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.left, self.right = [0.0] * count, [0.0] * count
        self.send = [0.0] * count


def envelope(count: int, attack: int, release: int) -> Channel:
    """Rises and falls in straight lines that are squared: soft at both ends."""
    values = []
    for index in range(count):
        level = min(1.0, index / attack, (count - index) / release)
        values.append(level * level * (3 - 2 * level))
    return values


def pad(stage: Stage, notes: list[str], at: int, length: int, level: float) -> None:
    """A chord of detuned saws, one string of each note left and one right of the middle."""
    count = min(length, stage.count - at)
    shape = envelope(count, BEAT, min(BEAT * 3 // 2, count // 2))
    for number, note in enumerate(notes):
        step = hertz(note) * TABLE / SAMPLE_RATE
        a, b, fifth = step * 0.9982, step * 1.0018, step * 1.5
        gain = level / (1 + number * 0.25)
        low = right = 0.0
        for index in range(count):
            volume = shape[index] * gain
            one = SAW[int(index * a) & 4095]
            other = SAW[int(index * b + 1365) & 4095]
            air = SINE[int(index * fifth + 300 * SINE[int(index * step) & 4095]) & 4095] * 0.12
            low += (one - low) * 0.09
            right += (other - right) * 0.09
            stage.left[at + index] += (low + right * 0.35 + air) * volume
            stage.right[at + index] += (right + low * 0.35 - air) * volume
            stage.send[at + index] += (low + right) * volume * 0.3


def pluck(stage: Stage, note: str, at: int, level: float, place: float, seed: int) -> None:
    """A plucked string; `place` 0 is left, 1 is right."""
    period = SAMPLE_RATE / hertz(note)
    size = int(period)
    part = period - size
    state, string, last = seed, [], 0.0
    for _ in range(size + 1):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        last += (state / 0x80000000 - 1 - last) * 0.45
        string.append(last)
    count = min(SAMPLE_RATE * 9 // 5, stage.count - at)
    left, right = level * (1 - place), level * place
    position, size, held = 0, size + 1, 0.0
    for index in range(count):
        value = string[position]
        following = string[position + 1 if position + 1 < size else 0]
        # The fraction of the period between two taps keeps the string in tune.
        mixed = value * (0.5 + 0.5 * (1 - part)) + following * 0.5 * part
        held += (mixed - held) * 0.92
        string[position] = held * 0.9965
        position = position + 1 if position + 1 < size else 0
        stage.left[at + index] += value * left
        stage.right[at + index] += value * right
        stage.send[at + index] += value * level * 0.45


def bell(stage: Stage, note: str, at: int, length: int, level: float) -> None:
    """FM with a ratio of 2 and an index that dies away, vibrato once the tone stands."""
    step = hertz(note) * TABLE / SAMPLE_RATE
    count = min(length + BEAT, stage.count - at)
    attack, fall, depth, phase = SAMPLE_RATE // 40, 1.0, 1.0, 0.0
    for index in range(count):
        vibrato = 1 + 0.0028 * min(1.0, index / SAMPLE_RATE) * SINE[int(index * 5.1 * TABLE / SAMPLE_RATE) & 4095]
        phase += step * vibrato
        value = SINE[int(phase + 900 * depth * SINE[int(phase * 2) & 4095]) & 4095]
        volume = level * fall * min(1.0, index / attack) * min(1.0, (count - index) / (BEAT * 0.6))
        stage.left[at + index] += value * volume * 0.95
        stage.right[at + index] += value * volume * 0.8
        stage.send[at + index] += value * volume * 0.6
        fall *= 0.999987
        depth *= 0.99996


def bass(stage: Stage, note: str, at: int, length: int, level: float) -> None:
    step = hertz(note) * TABLE / SAMPLE_RATE
    count = min(length, stage.count - at)
    shape = envelope(count, SAMPLE_RATE // 12, min(BEAT, count // 2))
    for index in range(count):
        value = (SINE[int(index * step) & 4095] + 0.2 * SINE[int(index * step * 2) & 4095]) * shape[index] * level
        stage.left[at + index] += value
        stage.right[at + index] += value


def echo(stage: Stage) -> None:
    """A dotted-eighth echo that changes sides, and four combs on each side for a room."""
    delay = BEAT * 3 // 4
    across_left, across_right = [0.0] * delay, [0.0] * delay
    for index in range(stage.count):
        place = index % delay
        one, other = across_left[place], across_right[place]
        across_left[place] = stage.send[index] * 0.5 + other * 0.42
        across_right[place] = one * 0.8
        stage.left[index] += one * 0.5
        stage.right[index] += other * 0.5
    for channel, lengths in ((stage.left, (1687, 1933, 2213, 2557)), (stage.right, (1741, 1999, 2141, 2647))):
        for length in lengths:
            line, low = [0.0] * length, 0.0
            for index in range(stage.count):
                place = index % length
                value = line[place]
                low += (value - low) * 0.55
                line[place] = stage.send[index] * 0.3 + low * 0.83
                channel[index] += value * 0.16


def finish(stage: Stage, peak: float, head: int, tail: int) -> list[Channel]:
    """Fades at both ends, then one gain for both sides."""
    echo(stage)
    highest = max(max(map(abs, stage.left)), max(map(abs, stage.right)))
    gain = peak / highest
    channels = []
    for channel in (stage.left, stage.right):
        out = []
        for index, value in enumerate(channel):
            level = min(1.0, index / head, (stage.count - 1 - index) / tail)
            out.append(value * gain * level)
        channels.append(out)
    return channels


def arpeggio(stage: Stage, notes: list[str], bar: int, level: float, steps: int = 8) -> None:
    """Up and down the chord in even steps, wandering between the sides."""
    order = notes + notes[-2:0:-1]
    for step in range(steps):
        place = 0.3 + 0.4 * (step % 4) / 3
        accent = 1.0 if step % 4 == 0 else 0.72
        pluck(stage, order[step % len(order)], bar * BAR + step * BAR // steps, level * accent, place,
              7919 * (bar * 16 + step + 1))


def melody(stage: Stage, phrase: list[tuple[float, float, str]], level: float) -> None:
    """Notes by beat, length in beats and name."""
    for beat, length, note in phrase:
        bell(stage, note, int(beat * BEAT), int(length * BEAT), level)


def meadow(count: int) -> list[Channel]:
    """Opening: the air over the meadow, then the theme over a rising arpeggio."""
    stage = Stage(count)
    chords = [["D3", "A3", "D4", "F4"], ["D3", "A3", "C4", "E4"], ["Bb2", "F3", "A3", "D4"],
              ["F3", "A3", "C4", "G4"], ["G2", "D3", "Bb3", "F4"], ["A2", "E3", "A3", "D4"]]
    roots = ["D2", "D2", "Bb1", "F2", "G1", "A1"]
    for bar, (notes, root) in enumerate(zip(chords, roots)):
        pad(stage, notes, bar * BAR, BAR + BEAT, 0.20)
        if bar:
            bass(stage, root, bar * BAR, BAR, 0.22)
            arpeggio(stage, [notes[1], notes[2], notes[3], notes[2][:-1] + str(int(notes[2][-1]) + 1)], bar, 0.20)
    melody(stage, [(6, 2, "A4"), (8, 1.5, "D5"), (9.5, 0.5, "E5"), (10, 2, "F5"), (12, 1.5, "E5"),
                   (13.5, 0.5, "C5"), (14, 2, "A4"), (16, 1.5, "Bb4"), (17.5, 0.5, "D5"), (18, 2, "F5"),
                   (20, 1, "E5"), (21, 3, "D5")], 0.17)
    return finish(stage, 0.62, 12000, 40000)


def reef(count: int) -> list[Channel]:
    """Under water: slow chords over a pedal, bells far apart, a sparse arpeggio in triplets."""
    stage = Stage(count)
    chords = [["D3", "A3", "E4", "F4"], ["D3", "Bb3", "F4", "A4"], ["D3", "G3", "Bb3", "E4"],
              ["D3", "A3", "C4", "F4"], ["Bb2", "F3", "C4", "D4"], ["A2", "E3", "G3", "C#4"]]
    for bar, notes in enumerate(chords):
        pad(stage, notes, bar * BAR, BAR + BEAT * 3 // 2, 0.24)
        bass(stage, "D2" if bar < 4 else ["Bb1", "A1"][bar - 4], bar * BAR, BAR, 0.24)
        arpeggio(stage, [notes[3], notes[2], notes[1]], bar, 0.13, steps=6)
    melody(stage, [(1, 2, "A5"), (4, 3, "F5"), (8.5, 1.5, "G5"), (10, 2, "Bb5"), (13, 2, "A5"), (16, 3, "D5"),
                   (20, 1.5, "E5"), (21.5, 2.5, "C#5")], 0.12)
    return finish(stage, 0.55, 20000, 60000)


def credits(count: int) -> list[Channel]:
    """End and credits: the theme again, twice, and home to D major."""
    stage = Stage(count)
    turn = [(["D3", "A3", "D4", "F4"], "D2"), (["Bb2", "F3", "A3", "D4"], "Bb1"),
            (["F3", "A3", "C4", "G4"], "F2"), (["C3", "G3", "Bb3", "E4"], "C2"),
            (["G2", "D3", "Bb3", "F4"], "G1"), (["A2", "E3", "G3", "D4"], "A1")]
    bars = turn[:4] + turn[4:] + turn[:2] + [(["G2", "D3", "Bb3", "D4"], "G1"), (["A2", "E3", "G3", "C#4"], "A1"),
                                            (["D3", "A3", "D4", "F#4"], "D2"), (["D3", "A3", "E4", "F#4"], "D2")]
    for bar, (notes, root) in enumerate(bars):
        pad(stage, notes, bar * BAR, BAR + BEAT, 0.20)
        bass(stage, root, bar * BAR, BAR, 0.22)
        if 0 < bar < 11:
            arpeggio(stage, [notes[1], notes[2], notes[3], notes[2][:-1] + str(int(notes[2][-1]) + 1)], bar,
                     0.19 if bar < 10 else 0.12)
    melody(stage, [(4, 1.5, "D5"), (5.5, 0.5, "E5"), (6, 2, "F5"), (8, 1.5, "E5"), (9.5, 0.5, "C5"), (10, 2, "A4"),
                   (12, 1.5, "G4"), (13.5, 0.5, "Bb4"), (14, 2, "C5"), (16, 1.5, "Bb4"), (17.5, 0.5, "D5"),
                   (18, 2, "F5"), (20, 2, "E5"), (22, 2, "A5"), (24, 1.5, "A5"), (25.5, 0.5, "G5"),
                   (26, 2, "F5"), (28, 1.5, "F5"), (29.5, 0.5, "E5"), (30, 2, "D5"), (32, 2, "Bb4"), (34, 2, "D5"),
                   (36, 2, "E5"), (38, 2, "C#5"), (40, 5, "D5"), (45, 3, "F#5")], 0.16)
    return finish(stage, 0.62, 6000, 120000)
