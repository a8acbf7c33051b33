"""The cut as data: shots in order, from which record times, sound edits and lists follow.

A shot's `first` is the frame of its clip that is shown first and `end` the one after the last; where the
clip is retimed or of another rate, `length` says how many frames of the timeline it takes instead. Sound
follows picture: every shot with a sync take plays it on A1, in sync, and `lead` moves the sound edit at the
shot's head against the picture cut (negative: J cut, the shot is heard early; positive: L cut, the shot
before is heard longer). Neighbouring shots with the same `bed` share one piece of that wild track on A2.
Effects go to A3 and music to A4.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from catalogue import BASE, SAMPLES_PER_FRAME, TAKES, Clip, Take, by_reel, by_take, frames

START = frames("01:00:00:00")


@dataclass(frozen=True)
class Grade:
    """An ASC CDL as the editor's list carries it."""

    slope: tuple[float, float, float]
    offset: tuple[float, float, float]
    power: tuple[float, float, float]
    saturation: float


@dataclass(frozen=True)
class Transition:
    """How a shot or a sound begins: `code` as an event line has it, e.g. D or W001."""

    code: str
    count: int
    black: bool = False  # from black or silence, whatever stands before


@dataclass(frozen=True)
class Shot:
    key: str
    reel: str  # BL: black
    first: int = 0
    end: int = 0
    length: int | None = None
    speed: Fraction = Fraction(1)  # against the clip played normally: negative in reverse, 0 a held frame
    into: Transition | None = None
    lead: int = 0
    cross: int = 0  # frames of the sound dissolve at the head of its sync sound
    bed: str | None = None
    bed_first: int = 0  # frames into the wild track, where the bed begins with this shot
    grade: Grade | None = None
    source_file: bool = False  # the list carries `* SOURCE FILE:`
    auxiliary: bool = False  # the list says reel AX and the file's name, as lists of file sources do
    offline: bool = False  # the .otio has no file for it (MissingReference)
    note: tuple[str, str] | None = None  # locator: colour, text
    note_at: int | None = None  # frames into the shot; its middle without
    chapter: str | None = None  # white locator at its first frame

    @property
    def is_black(self) -> bool:
        return self.reel == "BL"

    @property
    def clip(self) -> Clip:
        return by_reel(self.reel)

    @property
    def count(self) -> int:
        """Frames of the timeline."""
        return self.length if self.length is not None else self.end - self.first

    @property
    def rate(self) -> Fraction:
        """Frames of the clip for each of the timeline, never negative."""
        return abs(self.speed) * self.clip.ratio

    def position(self, frame: int) -> int:
        """The frame of the clip shown at frame `frame` of the shot, or beyond its ends."""
        steps = frame * self.rate // 1
        return self.first - steps if self.speed < 0 else self.first + steps

    @property
    def clip_name(self) -> str:
        return "" if self.is_black else self.clip.name if self.auxiliary else self.clip.shot


@dataclass(frozen=True)
class Edit:
    """A piece of a clip or take on a track; `source` is its first label's frame count, `record` from 0."""

    track: str
    reel: str
    name: str
    file: str
    source: int
    record: int
    count: int
    shot: Shot | None = None
    take: Take | None = None
    into: Transition | None = None
    base: int = BASE

    @property
    def is_black(self) -> bool:
        return self.reel == "BL"

    @property
    def end(self) -> int:
        return self.record + self.count

    @property
    def source_end(self) -> int:
        """The out point a list prints: about what the speed needs, upward also in reverse."""
        if self.is_black or self.shot is None:
            return self.source + self.count
        return self.source + max(1, -(-self.count * self.shot.rate // 1))


@dataclass(frozen=True)
class Locator:
    record: int
    colour: str
    text: str


@dataclass(frozen=True)
class Cut:
    title: str
    edits: list[Edit]  # by record time, picture before sound; an edit's event number is its place
    locators: list[Locator]

    @property
    def count(self) -> int:
        return max(edit.end for edit in self.edits)

    def track(self, name: str) -> list[tuple[int, Edit]]:
        return [(number, edit) for number, edit in enumerate(self.edits, 1) if edit.track == name]

    def event_of(self, key: str) -> int:
        return next(number for number, edit in self.track("V") if edit.shot.key == key)

    def before(self, edit: Edit) -> Edit | None:
        """The edit that ends where this one begins, on its track."""
        return next((other for _, other in self.track(edit.track) if other.end == edit.record), None)

    def after(self, edit: Edit) -> Edit | None:
        return next((other for _, other in self.track(edit.track) if other.record == edit.end), None)


TRACKS = ["V", "A", "A2", "A3", "A4"]


def grade(slope, offset, power, saturation) -> Grade:
    return Grade(slope, offset, power, saturation)


WARM = grade((1.06, 1.0, 0.93), (0.005, 0.0, -0.004), (1.0, 1.0, 1.02), 1.05)
MORNING = grade((1.04, 1.01, 0.98), (0.004, 0.002, 0.0), (0.98, 1.0, 1.01), 1.0)
STEEL = grade((0.96, 0.99, 1.04), (-0.01, -0.006, 0.004), (1.05, 1.04, 1.0), 0.85)
DEEP = grade((0.92, 1.02, 1.05), (-0.008, 0.0, 0.006), (1.08, 1.02, 0.98), 1.12)
LIFTED = grade((1.22, 1.22, 1.24), (0.012, 0.012, 0.014), (0.92, 0.92, 0.92), 1.1)
LAMP = grade((1.02, 0.98, 0.92), (0.0, -0.002, -0.006), (1.04, 1.05, 1.08), 0.95)

CLEAN, SEA, CITY, FIELD = "8-WT01.wav", "6-WT01.wav", "5A-T01.wav", "1A-T01.wav"
WHOOSH, IMPACT = "9-WT01.wav", "10-WT01.wav"


def dissolve(count: int) -> Transition:
    return Transition("D", count)


def wipe(pattern: str, count: int) -> Transition:
    return Transition(pattern, count)


def fade(count: int) -> Transition:
    return Transition("D", count, black=True)


FIRST_CUT = [
    Shot("meadow", "A001C001", 10, 142, into=fade(24), grade=MORNING, source_file=True,
         note=("GREEN", "TITLE OVER"), note_at=24, chapter="MEADOW"),
    Shot("brook", "A001C002", 10, 66, lead=-10, cross=8, grade=WARM),
    Shot("bird", "A001C003", 8, 62, cross=6, source_file=True),
    Shot("hollow", "A001C004", 8, 36, bed=FIELD, bed_first=60, offline=True),
    Shot("rabbit", "A002C001", 10, 72, lead=-14, source_file=True),
    Shot("bird looks", "A001C003", 66, 100, lead=8, cross=4, note=("RED", "CLEAN SKY LEFT OF BRANCH")),
    Shot("rabbit stretches", "A002C001", 74, 128),
    Shot("meadow wakes", "A001C001", 146, 204, lead=6, cross=6),
    Shot("street", "B001C004", 8, 42, into=wipe("W001", 12), cross=12, source_file=True,
         note=("BLUE", "CITY: LOSE LOGOS"), chapter="CITY"),
    Shot("tram", "F001C001", 5, length=20, bed=CITY, bed_first=40, source_file=True, grade=STEEL),
    Shot("taxi", "B001C002", 8, 37, bed=CITY, source_file=True, auxiliary=True, grade=STEEL),
    Shot("cyclist", "B001C003", 8, 53, lead=-12, grade=STEEL),
    Shot("walker", "B001C005", 8, 44, source_file=True),
    Shot("street again", "B001C004", 8, 42),
    Shot("man arrives", "D001C001", 40, 112, lead=-6, cross=8, note=("CYAN", "GREEN SCREEN: BACKGROUND REEF")),
    Shot("cyclist waits", "B001C003", 20, 50, grade=STEEL, source_file=True),
    Shot("man listens", "D001C001", 120, 176, lead=6),
    Shot("reef", "C001C001", 4, 46, into=dissolve(24), bed=SEA, bed_first=12, grade=LIFTED, chapter="REEF"),
    Shot("parrotfish", "C001C002", 8, 62, bed=SEA, source_file=True, grade=DEEP),
    Shot("snappers", "C001C004", 10, 70, bed=SEA, note=("MAGENTA", "REMOVE HOOK")),
    Shot("coral glimpse", "C001C005", 8, 40, bed=SEA, source_file=True),
    Shot("man turns", "D001C001", 182, 224, grade=LAMP, source_file=True),
    Shot("turtle", "F002C001", 2, length=40, bed=SEA, bed_first=80, source_file=True, grade=LIFTED),
    Shot("snappers pass", "C001C004", 64, length=56, speed=Fraction(3, 4), bed=SEA),
    Shot("coral", "C001C005", 22, 56, bed=SEA),
    Shot("mirror", "E001C001", 10, 84, into=dissolve(16), bed=CLEAN, bed_first=6, source_file=True,
         grade=LIFTED, chapter="LAB"),
    Shot("hexagons", "E001C002", 8, 44, bed=CLEAN, offline=True, note=("YELLOW", "REFLECTION: OK AS IS")),
    Shot("man looks up", "D001C001", 230, 278, source_file=True),
    Shot("lift", "E001C003", 12, 86, into=wipe("W002", 12), bed=CLEAN, bed_first=8, grade=LAMP),
    Shot("mirror turns", "E001C001", 131, length=44, speed=Fraction(-1), bed=CLEAN, source_file=True,
         grade=LIFTED),
    Shot("lift rises", "E001C003", 82, length=36, speed=Fraction(3, 2), bed=CLEAN),
    Shot("beat", "BL", length=12),
    Shot("brook at dusk", "A001C002", 62, 84, source_file=True, chapter="DUSK"),
    Shot("man leaves", "D001C001", 284, 326, lead=-8, cross=8),
    Shot("man holds", "D001C001", 325, length=36, speed=Fraction(0)),
    Shot("meadow at dusk", "A001C001", 100, 158, into=dissolve(24), lead=-12, source_file=True,
         note=("GREEN", "END TITLES OVER")),
    Shot("fade", "BL", length=24, into=dissolve(24)),
    Shot("credits", "BL", length=620, chapter="CREDITS"),
]


@dataclass(frozen=True)
class Spot:
    """A wild sound at a shot: `at` frames after its head, `first` frames into the take."""

    track: str
    key: str
    at: int
    take: str
    first: int
    count: int
    fade: int = 0  # frames of the fade that follows


SPOTS = [
    Spot("A3", "street", -6, WHOOSH, 0, 30, 8),
    Spot("A3", "man arrives", 0, IMPACT, 96, 72, 12),
    Spot("A3", "lift", -6, WHOOSH, 48, 30, 8),
    Spot("A3", "beat", 0, IMPACT, 0, 60, 12),
    Spot("A3", "man holds", 0, IMPACT, 96, 72, 12),
    Spot("A4", "meadow", 0, "1M1.wav", 0, 336, 24),
    Spot("A4", "reef", 0, "1M2.wav", 0, 336, 24),
    Spot("A4", "man holds", 18, "1M3.wav", 0, 696, 24),
]


def place(shots: list[Shot], key: str) -> int:
    return next(index for index, shot in enumerate(shots) if shot.key == key)


def second_cut() -> list[Shot]:
    """The next version: one shot trimmed, extended, moved, replaced and added."""
    shots = list(FIRST_CUT)

    def change(key: str, **values) -> None:
        shots[place(shots, key)] = replace(shots[place(shots, key)], **values)

    change("taxi", first=14)
    change("parrotfish", end=72)
    moved = shots.pop(place(shots, "mirror turns"))
    shots.insert(place(shots, "hexagons") + 1, moved)
    shots[place(shots, "coral glimpse")] = Shot("jellyfish", "C001C003", 10, 42, bed=SEA, source_file=True)
    shots.insert(place(shots, "street again") + 1, Shot("man enters", "D001C001", 8, 36, source_file=True))
    return shots


def picture_edits(shots: list[Shot]) -> list[Edit]:
    edits, record = [], 0
    for shot in shots:
        if shot.is_black:
            edits.append(Edit("V", "BL", "", "", 0, record, shot.count, shot, into=shot.into))
        else:
            reel = "AX" if shot.auxiliary else shot.reel
            edits.append(Edit("V", reel, shot.clip_name, shot.clip.name, shot.clip.start_frame + shot.first,
                              record, shot.count, shot, into=shot.into, base=shot.clip.base))
        record += shot.count
    return edits


def sync_take(shot: Shot) -> Take | None:
    """The take that was recorded while the clip ran; a retimed shot is mute."""
    if shot.is_black or shot.speed != 1:
        return None
    return next((take for take in TAKES if shot.reel in take.ticks), None)


def sound_edit(track: str, take: Take, source: int, record: int, count: int, into=None) -> Edit:
    return Edit(track, take.tape, stem(take.name), take.name, source, record, count, take=take, into=into)


def sync_edits(shots: list[Shot], picture: list[Edit]) -> list[Edit]:
    edges = [edit.record + shot.lead for shot, edit in zip(shots, picture)] + [picture[-1].end]
    edits: list[Edit] = []
    for index, (shot, edit) in enumerate(zip(shots, picture)):
        take = sync_take(shot)
        if take is None:
            continue
        source = edit.source + edges[index] - edit.record
        joins = bool(edits) and edits[-1].end == edges[index]
        into = (dissolve(shot.cross) if shot.cross else None) if joins else fade(24 if not edits else 6)
        edits.append(sound_edit("A", take, source, edges[index], edges[index + 1] - edges[index], into))
    return with_fades(edits, 6)


def bed_edits(shots: list[Shot], picture: list[Edit]) -> list[Edit]:
    edits: list[Edit] = []
    previous = None
    for shot, edit in zip(shots, picture):
        if shot.bed and shot.bed == previous:
            edits[-1] = replace(edits[-1], count=edits[-1].count + edit.count)
        elif shot.bed:
            take = by_take(shot.bed)
            into = dissolve(16) if previous else fade(12)
            edits.append(sound_edit("A2", take, frames(take.start) + shot.bed_first, edit.record, edit.count, into))
        previous = shot.bed
    return with_fades(edits, 12)


def with_fades(edits: list[Edit], count: int) -> list[Edit]:
    """A fade out after every edit that silence follows; it begins where the edit ends."""
    result = []
    for index, edit in enumerate(edits):
        result.append(edit)
        room = edits[index + 1].record - edit.end if index + 1 < len(edits) else count
        if room >= count:
            result.append(Edit(edit.track, "BL", "", "", 0, edit.end, count, into=dissolve(count)))
    return result


def spot_edits(shots: list[Shot], picture: list[Edit]) -> list[Edit]:
    edits = []
    for spot in SPOTS:
        take, head = by_take(spot.take), picture[place(shots, spot.key)].record + spot.at
        edits.append(sound_edit(spot.track, take, frames(take.start) + spot.first, head, spot.count))
        if spot.fade:
            edits.append(Edit(spot.track, "BL", "", "", 0, head + spot.count, spot.fade, into=dissolve(spot.fade)))
    return edits


def stem(file: str) -> str:
    return file.rsplit(".", 1)[0]


def locators(shots: list[Shot], picture: list[Edit]) -> list[Locator]:
    found = []
    for shot, edit in zip(shots, picture):
        if shot.chapter:
            found.append(Locator(edit.record, "WHITE", shot.chapter))
        if shot.note:
            at = shot.note_at if shot.note_at is not None else edit.count // 2
            found.append(Locator(edit.record + at, *shot.note))
    return found


def check(cut: Cut, edit: Edit) -> None:
    """An edit and what the transition after it shows must lie inside its media; a mistake in the data stops
    the script."""
    following = cut.after(edit)
    tail = following.into.count if following and following.into and not following.into.black else 0
    if edit.into and edit.into.count > edit.count:
        raise ValueError(f"{edit.name or edit.reel} at {edit.record} is shorter than its transition")
    if edit.is_black:
        return
    if edit.shot:
        shown = [edit.shot.position(0), edit.shot.position(edit.count + tail - 1)]
        first, last, count = min(shown), max(shown), edit.shot.clip.count
    else:
        begin = -(-edit.take.time_reference // SAMPLES_PER_FRAME)
        count = (edit.take.time_reference + edit.take.length) // SAMPLES_PER_FRAME - begin
        first = edit.source - begin
        last = first + edit.count + tail - 1
    if first < 0 or last >= count or edit.count <= 0:
        raise ValueError(f"{edit.name} at {edit.record}: frames {first} to {last} of {count}")


def cut(title: str, shots: list[Shot]) -> Cut:
    picture = picture_edits(shots)
    edits = (picture + sync_edits(shots, picture) + bed_edits(shots, picture)
             + spot_edits(shots, picture))
    edits.sort(key=lambda edit: (edit.record, TRACKS.index(edit.track)))
    result = Cut(title, edits, locators(shots, picture))
    for track in TRACKS:
        ends = [edit for _, edit in result.track(track)]
        for one, other in zip(ends, ends[1:]):
            if one.end > other.record:
                raise ValueError(f"{track}: {one.name} at {one.record} overlaps {other.name} at {other.record}")
    for edit in edits:
        check(result, edit)
    return result


def cuts() -> list[Cut]:
    return [cut("SHORT_V001", FIRST_CUT), cut("SHORT_V002", second_cut())]
