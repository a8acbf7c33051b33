"""What is made: camera clips, sound takes and the arithmetic of their labels.

The timeline and all picture but the F rolls are exactly 24000/1001 frames a second with non-drop labels of
base 24, so one frame is 2002 samples at 48 kHz and a label's time of day in samples is its frame count
times 2002.
"""

from dataclasses import dataclass
from fractions import Fraction

RATE = Fraction(24000, 1001)
BASE = 24
SAMPLE_RATE = 48000
SAMPLES_PER_FRAME = 2002


def frames(label: str, base: int = BASE) -> int:
    """Frame count since midnight of a non-drop label HH:MM:SS:FF."""
    hours, minutes, seconds, rest = (int(part) for part in label.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * base + rest


def label(count: int, base: int = BASE) -> str:
    """Non-drop label HH:MM:SS:FF of a frame count since midnight."""
    seconds, rest = divmod(count, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}:{rest:02d}"


@dataclass(frozen=True)
class Footage:
    """One public file: `path` below the samples folder and the exact rate of its frames."""

    path: str
    rate: Fraction
    stream: str = "0:v:0"
    matrix: str = "bt709"  # of the coded picture; converted to bt709 where it differs


BUNNY = Footage("media/video/big_buck_bunny_0_30.webm", Fraction(24))
RABBIT = Footage("media/video/bigbuckbunny.mp4", Fraction(25))
BIKES = Footage("media/video/bikes.mp4", Fraction(25))
OCEAN = Footage("media/video/oceantrip-small.mp4", Fraction(30000, 1001), matrix="smpte170m")
MAN = Footage("media/video/man-on-green-screen.mp4", Fraction(30), matrix="smpte170m")
NASA = Footage("media/video/nasa_13013.mp4", Fraction(30000, 1001), stream="0:v:1")


@dataclass(frozen=True)
class Clip:
    """A camera clip: `count` frames from frame `first` of the footage.

    Re-rated: every frame is kept and shown at 24000/1001 (slower). Resampled: frames are dropped so
    that the motion keeps its speed; `first` and `count` then count frames of the resampled picture.
    Clips of another `rate` keep it; `base` is that of their labels, one label for every frame.
    """

    reel: str
    roll: str  # what the camera appends to the reel in the file name
    shot: str
    footage: Footage
    first: int
    count: int
    start: str
    size: tuple[int, int]
    codec: str
    quality: int  # H.264: constant rate factor; ProRes: fixed quantiser scale
    keyframes: int = 48
    between: int = 2  # consecutive B-frames
    resampled: bool = False
    rate: Fraction = RATE
    base: int = BASE

    @property
    def name(self) -> str:
        return f"{self.reel}_{self.roll}.mov"

    @property
    def start_frame(self) -> int:
        return frames(self.start, self.base)

    @property
    def label_rate(self) -> Fraction:
        """The rate that the timecode track gives its labels."""
        return self.rate if self.base == round(self.rate) else RATE

    @property
    def ratio(self) -> Fraction:
        """Frames of the clip for each of the timeline, as the pipeline declares: in real time, unless the
        labels are of the timeline's base, which says that the camera ran off-speed."""
        return self.rate / RATE if self.base == round(self.rate) else Fraction(1)


def clip(*values, **named) -> Clip:
    return Clip(*values, **named)


CLIPS = [
    clip("A001C001", "261103_R1AB", "MEADOW_010", BUNNY, 52, 231, "09:12:04:08", (1280, 720), "h264", 23),
    clip("A001C002", "261103_R1AB", "BROOK_020", BUNNY, 283, 93, "09:31:47:15", (1280, 720), "h264", 23,
         keyframes=60, between=3),
    clip("A001C003", "261103_R1AB", "BIRD_030", BUNNY, 376, 110, "09:44:10:02", (1280, 720), "h264", 22),
    clip("A001C004", "261103_R1AB", "HOLLOW_040", BUNNY, 551, 45, "10:02:33:19", (1280, 720), "h264", 23),
    clip("A002C001", "261103_R1AB", "RABBIT_050", RABBIT, 0, 132, "10:26:51:11", (1920, 1080), "h264", 26,
         keyframes=96, between=3),
    clip("B001C002", "261103_R1AB", "TAXI_110", BIKES, 30, 46, "14:03:21:10", (640, 272), "proxy", 7),
    clip("B001C003", "261103_R1AB", "CYCLIST_120", BIKES, 76, 61, "14:22:10:05", (960, 408), "lt", 14),
    clip("B001C004", "261103_R1AB", "STREET_130", BIKES, 137, 50, "14:22:13:20", (640, 272), "h264", 19,
         keyframes=24),
    clip("B001C005", "261103_R1AB", "WALKER_140", BIKES, 187, 55, "14:22:17:01", (640, 272), "h264", 19),
    clip("C001C001", "261104_R2CD", "REEF_210", OCEAN, 8, 50, "08:05:40:00", (640, 360), "h264", 19),
    clip("C001C002", "261104_R2CD", "PARROTFISH_220", OCEAN, 114, 82, "08:11:02:17", (640, 360), "proxy", 8),
    clip("C001C003", "261104_R2CD", "JELLYFISH_230", OCEAN, 249, 55, "08:24:36:06", (640, 360), "proxy", 8),
    clip("C001C004", "261104_R2CD", "SNAPPER_240", OCEAN, 354, 118, "08:40:19:21", (640, 360), "h264", 20,
         keyframes=60),
    clip("C001C005", "261104_R2CD", "CORAL_250", OCEAN, 518, 82, "08:52:55:13", (640, 360), "h264", 20),
    clip("D001C001", "261105_R4EF", "MAN_310", MAN, 48, 336, "16:47:30:18", (1920, 1080), "h264", 20,
         keyframes=120, between=3, resampled=True),
    clip("E001C001", "261105_R4EF", "MIRROR_410", NASA, 0, 142, "11:15:08:03", (960, 540), "h264", 20),
    clip("E001C002", "261105_R4EF", "HEXAGON_420", NASA, 188, 52, "11:22:41:14", (640, 360), "lt", 9),
    clip("E001C003", "261105_R4EF", "LIFT_430", NASA, 240, 150, "11:30:27:23", (960, 540), "h264", 20,
         keyframes=72),
    clip("F001C001", "261103_R3GH", "TRAM_150", BIKES, 0, 30, "15:10:03:19", (640, 272), "h264", 19,
         keyframes=30, rate=Fraction(25), base=25),
    clip("F002C001", "261104_R5JK", "TURTLE_260", OCEAN, 0, 64, "08:02:16:12", (640, 360), "h264", 19,
         rate=Fraction(30000, 1001)),
]


@dataclass(frozen=True)
class Take:
    """A sound take: from `start` (a label, less `early` samples) for `count` frames.

    With `clip` and `source` it is that footage's own sound, in sync with the clip; with `source` only,
    it is wild sound from second `second` of the file; without, `synthesis` names what is generated.
    A tick marks the first frame of each clip in `ticks`; a bell strikes at each label in `bells`.
    """

    name: str
    tape: str
    scene: str
    take: str
    note: str
    start: str
    count: int
    track: str = "Boom"
    channels: int = 1
    early: int = 0
    source: Footage | None = None
    stream: str = "0:a:0"
    clip: str | None = None
    second: float = 0
    gain: float = 0  # decibels
    synthesis: str | None = None
    bits: int = 24
    ticks: tuple[str, ...] = ()
    bells: tuple[str, ...] = ()

    @property
    def time_reference(self) -> int:
        """Samples since midnight of the first sample."""
        return frames(self.start) * SAMPLES_PER_FRAME - self.early

    @property
    def length(self) -> int:
        return self.count * SAMPLES_PER_FRAME + self.early


TAKES = [
    Take("1A-T01.wav", "SR001", "1A", "1", "meadow, birds", "09:12:03:08", 267,
         source=BUNNY, clip="A001C001", ticks=("A001C001",)),
    Take("2A-T01.wav", "SR001", "2A", "1", "brook", "09:31:46:15", 129,
         source=BUNNY, clip="A001C002", ticks=("A001C002",)),
    Take("3A-T02.wav", "SR001", "3A", "2", "bird on the branch", "09:44:09:06", 142,
         source=BUNNY, clip="A001C003", ticks=("A001C003",)),
    Take("4A-T03.wav", "SR001", "4A", "3", "rabbit wakes", "10:26:50:17", 162,
         source=RABBIT, clip="A002C001", gain=8, ticks=("A002C001",)),
    Take("5A-T01.wav", "SR002", "5A", "1", "street, recorder ran over three camera clips", "14:22:09:05", 262,
         synthesis="street", ticks=("B001C003", "B001C004", "B001C005"),
         bells=("14:22:11:00", "14:22:14:12", "14:22:18:00")),
    Take("6-WT01.wav", "SR003", "6", "WT1", "underwater wild track", "08:58:10:04", 232,
         track="Hydrophone", synthesis="underwater"),
    Take("7A-T01.wav", "SR004", "7A", "1", "man on green, no dialogue", "16:47:29:12", 372,
         early=731, synthesis="stage", ticks=("D001C001",),
         bells=("16:47:33:00", "16:47:36:12", "16:47:42:00")),
    Take("8-WT01.wav", "SR004", "8", "WT1", "clean room wild track, stereo", "11:40:00:00", 196,
         track="MS", channels=2, source=NASA, stream="0:a:1", second=4.5, gain=-4),
    Take("9-WT01.wav", "SR005", "9", "WT1", "whooshes for the wipes", "12:00:00:00", 96,
         track="FX", synthesis="whooshes"),
    Take("10-WT01.wav", "SR005", "10", "WT1", "low impact, then a chime", "12:05:00:00", 192,
         track="FX", synthesis="impacts"),
    Take("1M1.wav", "MX01", "1M1", "1", "opening, meadow", "20:00:00:00", 360,
         track="Music", channels=2, synthesis="meadow", bits=16),
    Take("1M2.wav", "MX02", "1M2", "1", "reef", "20:05:00:00", 360,
         track="Music", channels=2, synthesis="reef", bits=16),
    Take("1M3.wav", "MX03", "1M3", "1", "end and credits", "20:10:00:00", 720,
         track="Music", channels=2, synthesis="credits", bits=16),
]


def by_reel(reel: str) -> Clip:
    return next(item for item in CLIPS if item.reel == reel)


def by_take(name: str) -> Take:
    return next(item for item in TAKES if item.name == name)
