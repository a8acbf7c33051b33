"""The cut as data: shots in order, from which record times, sound edits and lists follow.

A shot's `first` and `end` are frames of its clip (end exclusive). Sound follows picture: every shot
with a sync take plays it on A1, in sync, and `lead` moves the sound edit at the shot's head against
the picture cut (negative: J cut, the shot is heard early; positive: L cut, the shot before is heard
longer). Neighbouring shots with the same `bed` share one piece of that wild track on A2.
"""

from dataclasses import dataclass, replace

from catalogue import SAMPLES_PER_FRAME, TAKES, Clip, Take, by_reel, by_take, frames

START = frames("01:00:00:00")


@dataclass(frozen=True)
class Grade:
    """An ASC CDL as the editor's list carries it."""

    slope: tuple[float, float, float]
    offset: tuple[float, float, float]
    power: tuple[float, float, float]
    saturation: float


@dataclass(frozen=True)
class Shot:
    key: str
    reel: str
    first: int
    end: int
    lead: int = 0
    bed: str | None = None
    bed_first: int = 0  # frames into the wild track, where the bed begins with this shot
    grade: Grade | None = None
    source_file: bool = False  # the list carries `* SOURCE FILE:`
    auxiliary: bool = False  # the list says reel AX and the file's name, as lists of file sources do
    offline: bool = False  # the .otio has no file for it (MissingReference)
    note: tuple[str, str] | None = None  # locator at the middle of the shot: colour, text

    @property
    def clip(self) -> Clip:
        return by_reel(self.reel)

    @property
    def count(self) -> int:
        return self.end - self.first

    @property
    def clip_name(self) -> str:
        return self.clip.name if self.auxiliary else self.clip.shot


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

    @property
    def end(self) -> int:
        return self.record + self.count


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


def grade(slope, offset, power, saturation) -> Grade:
    return Grade(slope, offset, power, saturation)


WARM = grade((1.06, 1.0, 0.93), (0.005, 0.0, -0.004), (1.0, 1.0, 1.02), 1.05)
MORNING = grade((1.04, 1.01, 0.98), (0.004, 0.002, 0.0), (0.98, 1.0, 1.01), 1.0)
STEEL = grade((0.96, 0.99, 1.04), (-0.01, -0.006, 0.004), (1.05, 1.04, 1.0), 0.85)
DEEP = grade((0.92, 1.02, 1.05), (-0.008, 0.0, 0.006), (1.08, 1.02, 0.98), 1.12)
LIFTED = grade((1.22, 1.22, 1.24), (0.012, 0.012, 0.014), (0.92, 0.92, 0.92), 1.1)
LAMP = grade((1.02, 0.98, 0.92), (0.0, -0.002, -0.006), (1.04, 1.05, 1.08), 0.95)

CLEAN, SEA, CITY, FIELD = "8-WT01.wav", "6-WT01.wav", "5A-T01.wav", "1A-T01.wav"

FIRST_CUT = [
    Shot("meadow", "A001C001", 10, 106, grade=MORNING, source_file=True, note=("GREEN", "TITLE OVER")),
    Shot("brook", "A001C002", 10, 66, lead=-10, grade=WARM),
    Shot("bird", "A001C003", 8, 62, source_file=True),
    Shot("hollow", "A001C004", 8, 36, bed=FIELD, bed_first=60, offline=True),
    Shot("rabbit", "A002C001", 10, 72, lead=-14, source_file=True),
    Shot("bird looks", "A001C003", 66, 100, lead=8, note=("RED", "CLEAN SKY LEFT OF BRANCH")),
    Shot("rabbit stretches", "A002C001", 74, 128),
    Shot("meadow wakes", "A001C001", 146, 204, lead=6),
    Shot("street", "B001C004", 8, 42, source_file=True, note=("BLUE", "CITY: LOSE LOGOS")),
    Shot("taxi", "B001C002", 8, 37, bed=CITY, bed_first=60, source_file=True, auxiliary=True, grade=STEEL),
    Shot("cyclist", "B001C003", 8, 53, lead=-12, grade=STEEL),
    Shot("walker", "B001C005", 8, 44, source_file=True),
    Shot("street again", "B001C004", 8, 42),
    Shot("man arrives", "D001C001", 40, 112, lead=-6, note=("CYAN", "GREEN SCREEN: BACKGROUND REEF")),
    Shot("cyclist waits", "B001C003", 20, 50, grade=STEEL, source_file=True),
    Shot("man listens", "D001C001", 120, 176, lead=6),
    Shot("reef", "C001C001", 4, 42, bed=SEA, bed_first=12, grade=LIFTED),
    Shot("parrotfish", "C001C002", 8, 62, bed=SEA, source_file=True, grade=DEEP),
    Shot("snappers", "C001C004", 10, 70, bed=SEA, note=("MAGENTA", "REMOVE HOOK")),
    Shot("coral glimpse", "C001C005", 8, 40, bed=SEA, source_file=True),
    Shot("man turns", "D001C001", 182, 224, grade=LAMP, source_file=True),
    Shot("snappers pass", "C001C004", 64, 110, bed=SEA, bed_first=130),
    Shot("coral", "C001C005", 40, 74, bed=SEA),
    Shot("mirror", "E001C001", 10, 84, bed=CLEAN, bed_first=6, source_file=True, grade=LIFTED),
    Shot("hexagons", "E001C002", 8, 44, bed=CLEAN, offline=True, note=("YELLOW", "REFLECTION: OK AS IS")),
    Shot("man looks up", "D001C001", 230, 278, source_file=True),
    Shot("lift", "E001C003", 12, 86, bed=CLEAN, bed_first=8, grade=LAMP),
    Shot("mirror turns", "E001C001", 88, 132, bed=CLEAN, source_file=True, grade=LIFTED),
    Shot("lift rises", "E001C003", 90, 138, bed=CLEAN),
    Shot("brook at dusk", "A001C002", 62, 84, source_file=True),
    Shot("man leaves", "D001C001", 284, 326, lead=-8),
    Shot("meadow at dusk", "A001C001", 100, 158, lead=-12, source_file=True, note=("GREEN", "END TITLES OVER")),
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
        reel = "AX" if shot.auxiliary else shot.reel
        edits.append(Edit("V", reel, shot.clip_name, shot.clip.name, shot.clip.start_frame + shot.first,
                          record, shot.count, shot))
        record += shot.count
    return edits


def sync_take(clip: Clip) -> Take | None:
    """The take that was recorded while the clip ran."""
    return next((take for take in TAKES if clip.reel in take.ticks), None)


def sync_edits(shots: list[Shot], picture: list[Edit]) -> list[Edit]:
    edges = [edit.record + shot.lead for shot, edit in zip(shots, picture)] + [picture[-1].end]
    edits = []
    for index, (shot, edit) in enumerate(zip(shots, picture)):
        take = sync_take(shot.clip)
        if take is None:
            continue
        source = edit.source + edges[index] - edit.record
        edits.append(Edit("A", take.tape, stem(take.name), take.name, source, edges[index],
                          edges[index + 1] - edges[index], take=take))
    return edits


def bed_edits(shots: list[Shot], picture: list[Edit]) -> list[Edit]:
    edits: list[Edit] = []
    previous = None
    for shot, edit in zip(shots, picture):
        if shot.bed and shot.bed == previous:
            edits[-1] = replace(edits[-1], count=edits[-1].count + edit.count)
        elif shot.bed:
            take = by_take(shot.bed)
            edits.append(Edit("A2", take.tape, stem(take.name), take.name,
                              frames(take.start) + shot.bed_first, edit.record, edit.count, take=take))
        previous = shot.bed
    return edits


def stem(file: str) -> str:
    return file.rsplit(".", 1)[0]


def locators(shots: list[Shot], picture: list[Edit]) -> list[Locator]:
    return [Locator(edit.record + edit.count // 2, *shot.note)
            for shot, edit in zip(shots, picture) if shot.note]


def check(edit: Edit) -> None:
    """An edit must lie inside its media; a mistake in the data stops the script."""
    if edit.shot:
        begin, end = edit.shot.clip.start_frame, edit.shot.clip.start_frame + edit.shot.clip.count
    else:
        begin = -(-edit.take.time_reference // SAMPLES_PER_FRAME)
        end = (edit.take.time_reference + edit.take.length) // SAMPLES_PER_FRAME
    if edit.source < begin or edit.source + edit.count > end or edit.count <= 0:
        raise ValueError(f"{edit.name} at {edit.record}: [{edit.source}, +{edit.count}) outside [{begin}, {end})")


def cut(title: str, shots: list[Shot]) -> Cut:
    picture = picture_edits(shots)
    edits = picture + sync_edits(shots, picture) + bed_edits(shots, picture)
    for edit in edits:
        check(edit)
    order = ["V", "A", "A2"]
    edits.sort(key=lambda edit: (edit.record, order.index(edit.track)))
    return Cut(title, edits, locators(shots, picture))


def cuts() -> list[Cut]:
    return [cut("SHORT_V001", FIRST_CUT), cut("SHORT_V002", second_cut())]
