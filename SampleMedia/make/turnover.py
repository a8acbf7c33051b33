"""The turnover of a cut: CMX 3600 list, OpenTimelineIO file, and the colourist's CDL collection."""

import json
from pathlib import Path

from catalogue import SAMPLE_RATE, label
from cut import START, Cut, Edit, Grade, cuts

OTIO_RATE = 24000 / 1001


def numbers(values) -> str:
    return " ".join(f"{value:.4f}" for value in values)


# CMX 3600


def event_line(number: int, edit: Edit) -> str:
    source = f"{label(edit.source)} {label(edit.source + edit.count)}"
    record = f"{label(START + edit.record)} {label(START + edit.end)}"
    return f"{number:03d}  {edit.reel:<8} {edit.track:<4}  {'C':<4} {'':<3} {source} {record}"


def comment_lines(edit: Edit) -> list[str]:
    lines = [f"* FROM CLIP NAME:  {edit.name}"]
    if edit.shot and edit.shot.source_file:
        lines.append(f"* SOURCE FILE: {edit.file}")
    if edit.shot and edit.shot.grade:
        grade = edit.shot.grade
        lines.append(f"* ASC_SOP ({numbers(grade.slope)})({numbers(grade.offset)})({numbers(grade.power)})")
        lines.append(f"* ASC_SAT {grade.saturation:.4f}")
    return lines


def locator_lines(cut: Cut, edit: Edit) -> list[str]:
    if edit.track != "V":
        return []
    return [f"* LOC: {label(START + item.record)} {item.colour:<7} {item.text}"
            for item in cut.locators if edit.record <= item.record < edit.end]


def edl(cut: Cut) -> bytes:
    lines = [f"TITLE: {cut.title}", "FCM: NON-DROP FRAME", ""]
    for number, edit in enumerate(cut.edits, 1):
        lines += [event_line(number, edit), *comment_lines(edit), *locator_lines(cut, edit)]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


# OpenTimelineIO


def time(value: int, rate: float = OTIO_RATE) -> dict:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(value)}


def span(start: int, count: int, rate: float = OTIO_RATE) -> dict:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": time(count, rate), "start_time": time(start, rate)}


def available(edit: Edit) -> dict:
    """What the file holds: picture in frames, sound in samples (a take may begin between two frames)."""
    if edit.shot:
        return span(edit.shot.clip.start_frame, edit.shot.clip.count)
    return span(edit.take.time_reference, edit.take.length, float(SAMPLE_RATE))


def reference(edit: Edit) -> dict:
    common = {"metadata": {}, "name": "", "available_range": available(edit), "available_image_bounds": None}
    if edit.shot and edit.shot.offline:
        return {"OTIO_SCHEMA": "MissingReference.1", **common}
    folder = "rushes" if edit.shot else "sound"
    return {"OTIO_SCHEMA": "ExternalReference.1", **common, "target_url": f"../{folder}/{edit.file}"}


def cdl(grade: Grade) -> dict:
    sop = {"slope": list(grade.slope), "offset": list(grade.offset), "power": list(grade.power)}
    return {"asc_sat": grade.saturation, "asc_sop": sop}


def item(schema: str, name: str, source: dict | None, metadata: dict, **fields) -> dict:
    return {"OTIO_SCHEMA": schema, "metadata": metadata, "name": name, "source_range": source,
            "effects": [], "markers": [], "enabled": True, "color": None, **fields}


def clip(number: int, edit: Edit) -> dict:
    metadata = {"cmx_3600": {"reel": edit.reel}, "interlock": {"event": f"{number:03d}"}}
    if edit.shot and edit.shot.grade:
        metadata["cdl"] = cdl(edit.shot.grade)
    return item("Clip.2", edit.name, span(edit.source, edit.count), metadata,
                media_references={"DEFAULT_MEDIA": reference(edit)}, active_media_reference_key="DEFAULT_MEDIA")


def track(cut: Cut, channel: str, name: str, kind: str) -> dict:
    children, record = [], 0
    for number, edit in cut.track(channel):
        if edit.record > record:
            children.append(item("Gap.1", "", span(0, edit.record - record), {}))
        children.append(clip(number, edit))
        record = edit.end
    return item("Track.1", name, None, {}, children=children, kind=kind)


def marker(cut: Cut, index: int) -> dict:
    """On the stack, so its time counts from the first frame of the cut."""
    locator = cut.locators[index]
    return {"OTIO_SCHEMA": "Marker.2", "metadata": {}, "name": locator.text, "color": locator.colour,
            "marked_range": span(locator.record, 1), "comment": locator.text}


def otio(cut: Cut) -> bytes:
    tracks = [track(cut, "V", "V1", "Video"), track(cut, "A", "A1", "Audio"), track(cut, "A2", "A2", "Audio")]
    stack = item("Stack.1", "tracks", None, {}, children=tracks)
    stack["markers"] = [marker(cut, index) for index in range(len(cut.locators))]
    timeline = {"OTIO_SCHEMA": "Timeline.1", "metadata": {}, "name": cut.title,
                "global_start_time": time(START), "tracks": stack}
    return (json.dumps(timeline, indent=2) + "\n").encode("ascii")


# CDL collection

BY_SHOT = {
    # Wins over the list's own comment on the first event of this shot: reported as a conflict.
    "MEADOW_010": Grade((1.03, 1.0, 0.96), (0.006, 0.002, -0.002), (0.99, 1.0, 1.02), 1.08),
    "RABBIT_050": Grade((1.05, 1.02, 1.0), (-0.006, -0.004, -0.002), (1.02, 1.0, 0.99), 0.96),
    "STREET_130": Grade((0.95, 0.98, 1.03), (-0.008, -0.004, 0.006), (1.06, 1.04, 1.01), 0.8),
    "SNAPPER_240": Grade((0.98, 1.03, 1.02), (-0.004, 0.0, 0.004), (1.05, 1.0, 0.98), 1.15),
    "HEXAGON_420": Grade((0.97, 0.94, 0.9), (0.0, -0.002, -0.004), (1.1, 1.1, 1.08), 0.92),
}
BY_EVENT = {
    # By the number in the list; these come before every change of the second cut, so they stay.
    "hollow": Grade((0.94, 0.97, 1.02), (0.004, 0.004, 0.008), (1.04, 1.02, 0.98), 0.9),
    "bird looks": Grade((1.02, 1.02, 1.0), (0.0, 0.0, 0.004), (0.97, 0.98, 1.0), 1.06),
}


def correction(identifier: str, grade: Grade) -> list[str]:
    return [f'  <ColorCorrection id="{identifier}">', "    <SOPNode>",
            f"      <Slope>{numbers(grade.slope)}</Slope>", f"      <Offset>{numbers(grade.offset)}</Offset>",
            f"      <Power>{numbers(grade.power)}</Power>", "    </SOPNode>", "    <SatNode>",
            f"      <Saturation>{grade.saturation:.4f}</Saturation>", "    </SatNode>", "  </ColorCorrection>"]


def collection(versions: list[Cut]) -> bytes:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<ColorCorrectionCollection xmlns="urn:ASC:CDL:v1.2">']
    for name, grade in BY_SHOT.items():
        lines += correction(name, grade)
    for key, grade in BY_EVENT.items():
        events = {cut.event_of(key) for cut in versions}
        if len(events) != 1:
            raise ValueError(f"{key} has another event number in the second cut: {sorted(events)}")
        lines += correction(f"{events.pop():03d}", grade)
    return ("\n".join([*lines, "</ColorCorrectionCollection>"]) + "\n").encode("ascii")


def make_turnover(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    versions = cuts()
    for cut in versions:
        name = cut.title.lower()
        print(f"turnover/{name}.edl and .otio: {len(cut.track('V'))} shots, {cut.count} frames", flush=True)
        (folder / f"{name}.edl").write_bytes(edl(cut))
        (folder / f"{name}.otio").write_bytes(otio(cut))
    (folder / "short.ccc").write_bytes(collection(versions))
