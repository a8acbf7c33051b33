"""Sound takes: 24-bit (music: 16-bit) broadcast waves whose TimeReference continues their clips' source timecode.

Samples are floats in -1..1 until they are written. Noise comes from an integer generator and the
filters use only +, - and *, so the synthesised takes do not depend on a maths library beyond sin.
"""

import math
import struct
import subprocess
from array import array
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

import music
from catalogue import RATE, SAMPLE_RATE, SAMPLES_PER_FRAME, TAKES, Take, by_reel, frames

Channel = list[float]


class Noise:
    """White noise in -1..1 from a 32-bit linear congruential generator."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return self.state / 0x80000000 - 1


def room_tone(count: int, seed: int, level: float, smoothing: float) -> Channel:
    """Noise through a one-pole low-pass; `smoothing` 0 is white, near 1 is dark."""
    noise, value, out = Noise(seed), 0.0, []
    gain = level * (1 - smoothing) ** 0.5
    for _ in range(count):
        value = value * smoothing + noise.next() * gain
        out.append(value)
    return out


def swell(channel: Channel, period: int, depth: float) -> None:
    """Makes a tone come and go by triangles of `period` samples, like passing traffic."""
    for index in range(len(channel)):
        phase = index % period / period
        channel[index] *= 1 - depth + depth * (2 * phase if phase < 0.5 else 2 - 2 * phase)


def add_tone(channel: Channel, at: int, seconds: float, partials: list[tuple[float, float]], fall: float,
             glide: float = 0) -> None:
    """Adds decaying partials (hertz, level) from sample `at`; `fall` is the loss per sample as a factor."""
    envelope = 1.0
    for offset in range(min(int(seconds * SAMPLE_RATE), len(channel) - at)):
        time = offset / SAMPLE_RATE
        bend = 1 + glide * time
        channel[at + offset] += envelope * sum(
            level * math.sin(2 * math.pi * hertz * bend * time) for hertz, level in partials)
        envelope *= fall


def add_bell(channel: Channel, at: int) -> None:
    add_tone(channel, at, 0.9, [(2093, 0.16), (4311, 0.08), (6250, 0.04)], 0.99985)


def add_tick(channel: Channel, at: int) -> None:
    add_tone(channel, at, 0.02, [(1000, 0.25)], 1)


def street(count: int) -> Channel:
    near, far = room_tone(count, 51, 0.10, 0.93), room_tone(count, 52, 0.07, 0.997)
    swell(near, 3 * SAMPLE_RATE, 0.8)
    return [a + b for a, b in zip(near, far)]


def underwater(count: int) -> Channel:
    """A dark rumble with a bubble every third of a second or so."""
    channel, chance = room_tone(count, 61, 0.08, 0.998), Noise(62)
    at = 4000
    while at < count - SAMPLE_RATE // 2:
        add_tone(channel, at, 0.08, [(420 + 260 * chance.next(), 0.03)], 0.9990, glide=6)
        at += int(14000 + 9000 * chance.next())
    return channel


def stage(count: int) -> Channel:
    """A quiet room with the hum of its lamps."""
    channel = room_tone(count, 71, 0.012, 0.96)
    add_tone(channel, 0, count / SAMPLE_RATE, [(120, 0.004), (240, 0.002)], 1)
    return channel


def whooshes(count: int) -> Channel:
    """Two passes of wind, the second higher: noise whose colour and level rise and fall."""
    channel = [0.0] * count
    for number, (at, seconds, bright) in enumerate([(0, 1.2, 0.35), (2 * SAMPLE_RATE, 1.2, 0.5)]):
        noise, low, deep = Noise(91 + number), 0.0, 0.0
        length = int(seconds * SAMPLE_RATE)
        for offset in range(length):
            phase = offset / length
            swell = 2 * phase if phase < 0.5 else 2 - 2 * phase
            swell = swell * swell * (3 - 2 * swell)
            low += (noise.next() - low) * (0.02 + bright * swell * swell)
            deep += (low - deep) * 0.012
            channel[at + offset] += (low - deep) * swell * 0.5
    return channel


def impacts(count: int) -> Channel:
    """A falling boom with a thud at its head; four seconds later a chime of four bars."""
    channel, noise, low = [0.0] * count, Noise(97), 0.0
    add_tone(channel, 0, 3.2, [(62, 0.42), (93, 0.12)], 0.99996, glide=-0.12)
    for offset in range(SAMPLE_RATE // 8):
        low += (noise.next() - low) * 0.08
        channel[offset] += low * (1 - offset * 8 / SAMPLE_RATE) * 0.8
    for number, hertz in enumerate([587.33, 880.0, 1174.66, 1760.0]):
        add_tone(channel, 4 * 24 * SAMPLES_PER_FRAME + number * 4004, 3.0,
                 [(hertz, 0.07), (hertz * 2.76, 0.02)], 0.99994)
    return channel


SYNTHESES = {"street": street, "underwater": underwater, "stage": stage, "whooshes": whooshes,
             "impacts": impacts}
SCORE = {"meadow": music.meadow, "reef": music.reef, "credits": music.credits}


def decode(take: Take, samples: Path, rerate: Fraction) -> list[Channel]:
    """The source's whole sound at 48 kHz, slowed by `rerate` like the picture (pitch falls with it)."""
    layout = "mono" if take.channels == 1 else "stereo"
    filters = [f"aformat=channel_layouts={layout}", f"aresample={SAMPLE_RATE}"]
    if rerate != 1:
        filters += [f"asetrate={round(SAMPLE_RATE / rerate)}", f"aresample={SAMPLE_RATE}"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-flags:a", "+bitexact",
               "-i", str(samples / take.source.path), "-map", take.stream, "-filter_threads", "1",
               "-af", ",".join(filters), "-f", "s32le", "-"]
    values = array("i", subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    gain = 10 ** (take.gain / 20) / 0x80000000
    return [[value * gain for value in values[channel::take.channels]] for channel in range(take.channels)]


def offset_in_source(take: Take, rerate: Fraction) -> int:
    """The sample of the slowed source that is the take's first (negative: before the source begins)."""
    if take.clip is None:
        return int(take.second * SAMPLE_RATE)
    picture = by_reel(take.clip)
    picture_start = round(picture.first / picture.footage.rate * rerate * SAMPLE_RATE)
    return picture_start - (picture.start_frame * SAMPLES_PER_FRAME - take.time_reference)


def recorded(take: Take, samples: Path) -> list[Channel]:
    """The footage's own sound over faint room tone, which alone fills what lies outside the source."""
    rerate = take.source.rate / RATE if take.clip else Fraction(1)
    start = offset_in_source(take, rerate)
    channels = []
    for index, source in enumerate(decode(take, samples, rerate)):
        channel = room_tone(take.length, 70 + index, 0.002, 0.9)
        for at in range(max(0, -start), min(take.length, len(source) - start)):
            channel[at] += source[start + at]
        channels.append(channel)
    return channels


def sounded(take: Take, samples: Path) -> list[Channel]:
    if take.synthesis in SCORE:
        return SCORE[take.synthesis](take.length)
    channels = recorded(take, samples) if take.source else [SYNTHESES[take.synthesis](take.length)]
    for channel in channels:
        for reel in take.ticks:
            add_tick(channel, by_reel(reel).start_frame * SAMPLES_PER_FRAME - take.time_reference)
        for bell in take.bells:
            add_bell(channel, frames(bell) * SAMPLES_PER_FRAME - take.time_reference)
    return channels


def pcm(take: Take, channels: list[Channel]) -> bytes:
    """Interleaved little-endian samples; clipping would be a mistake in the catalogue. Those of 16 bits have
    triangular dither of one step, so that what dies away stays clean."""
    peak = max(max(abs(value) for value in channel) for channel in channels)
    if peak >= 1:
        raise ValueError(f"{take.name}: peak {peak:.3f} clips; lower its gain")
    if take.bits == 16:
        noise = Noise(len(take.name))
        values = array("h", (round(value * 0x7FFE + (noise.next() + noise.next()) / 2)
                             for pair in zip(*channels) for value in pair))
        return values.tobytes()
    out = bytearray()
    for values in zip(*channels):
        for value in values:
            out += round(value * 0x7FFFFF).to_bytes(3, "little", signed=True)
    return bytes(out)


def recording_date(take: Take) -> str:
    """The day in the file names of the camera rolls that the sound roll belongs to."""
    return {"SR001": "2026-11-03", "SR002": "2026-11-03", "SR003": "2026-11-04"}.get(take.tape, "2026-11-05")


def bext(take: Take) -> bytes:
    """EBU Tech 3285 version 1."""
    reference = f"ILK{take.tape}{take.name.split('.')[0].replace('-', '')}"
    description = f"sSCENE={take.scene}\r\nsTAKE={take.take}\r\nsTAPE={take.tape}\r\nsNOTE={take.note}\r\n"
    return struct.pack(
        "<256s32s32s10s8sIIH64s190s", description.encode(), b"Interlock samples", reference.encode(),
        recording_date(take).encode(), take.start[:8].encode(), take.time_reference & 0xFFFFFFFF,
        take.time_reference >> 32, 1, bytes(64), bytes(190)) + f"A=PCM,F=48000,W={take.bits}\r\n".encode()


def ixml(take: Take) -> bytes:
    names = [take.track] if take.channels == 1 else [take.track + " L", take.track + " R"]
    tracks = "".join(
        f"<TRACK><CHANNEL_INDEX>{number}</CHANNEL_INDEX><INTERLEAVE_INDEX>{number}</INTERLEAVE_INDEX>"
        f"<NAME>{escape(name)}</NAME></TRACK>" for number, name in enumerate(names, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML><IXML_VERSION>2.10</IXML_VERSION>'
        f"<PROJECT>INTERLOCK SHORT</PROJECT><SCENE>{take.scene}</SCENE><TAKE>{take.take}</TAKE>"
        f"<TAPE>{take.tape}</TAPE><NOTE>{escape(take.note)}</NOTE>"
        "<SPEED><MASTER_SPEED>24000/1001</MASTER_SPEED><CURRENT_SPEED>24000/1001</CURRENT_SPEED>"
        "<TIMECODE_RATE>24000/1001</TIMECODE_RATE><TIMECODE_FLAG>NDF</TIMECODE_FLAG>"
        f"<FILE_SAMPLE_RATE>{SAMPLE_RATE}</FILE_SAMPLE_RATE><AUDIO_BIT_DEPTH>{take.bits}</AUDIO_BIT_DEPTH>"
        f"<DIGITIZER_SAMPLE_RATE>{SAMPLE_RATE}</DIGITIZER_SAMPLE_RATE>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{take.time_reference >> 32}"
        "</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{take.time_reference & 0xFFFFFFFF}"
        "</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>"
        f"<TIMESTAMP_SAMPLE_RATE>{SAMPLE_RATE}</TIMESTAMP_SAMPLE_RATE></SPEED>"
        f"<TRACK_LIST><TRACK_COUNT>{take.channels}</TRACK_COUNT>{tracks}</TRACK_LIST></BWFXML>\n").encode()


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def wave(take: Take, channels: list[Channel]) -> bytes:
    block = take.channels * take.bits // 8
    header = struct.pack("<HHIIHH", 1, take.channels, SAMPLE_RATE, SAMPLE_RATE * block, block, take.bits)
    body = b"WAVE" + chunk(b"bext", bext(take)) + chunk(b"fmt ", header)
    return chunk(b"RIFF", body + chunk(b"iXML", ixml(take)) + chunk(b"data", pcm(take, channels)))


def make_sound(samples: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for take in TAKES:
        print(f"sound/{take.name}", flush=True)
        (folder / take.name).write_bytes(wave(take, sounded(take, samples)))
