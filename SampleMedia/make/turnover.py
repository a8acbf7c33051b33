"""The turnover of a cut: CMX 3600 list, OpenTimelineIO file, and the colourist's CDL collection."""

import json
from pathlib import Path

from catalogue import BASE, SAMPLE_RATE, label
from cut import START, TRACKS, Cut, Edit, Grade, Transition, cuts
from offline import make_offline

OTIO_RATE = 24000 / 1001


def numbers(values) -> str:
    return " ".join(f"{value:.4f}" for value in values)


# CMX 3600

EFFECTS = {"D": "CROSS DISSOLVE", "W001": "WIPE LEFT TO RIGHT", "W002": "WIPE TOP TO BOTTOM"}


def event_line(number: int, edit: Edit, code: str, length: str, times: list[str]) -> str:
    # The format has channels for two tracks of sound; an AUD line below names the others.
    channel = edit.track if edit.track in {"V", "A", "A2"} else "NONE"
    return f"{number:03d}  {edit.reel:<8} {channel:<4}  {code:<4} {length:<3} {' '.join(times)}"


def out_point(edit: Edit) -> int:
    """The label after the last frame an edit shows, where a transition goes on with it."""
    if edit.shot and not edit.is_black:
        return edit.shot.clip.start_frame + edit.shot.position(edit.count)
    return edit.source + edit.count


def event_lines(cut: Cut, number: int, edit: Edit) -> list[str]:
    record = [label(START + edit.record), label(START + edit.end)]
    source = [label(edit.source, edit.base), label(edit.source_end, edit.base)]
    if not edit.into:
        return [event_line(number, edit, "C", "", source + record)]
    outgoing = outgoing_edit(cut, edit)
    out = label(out_point(outgoing), outgoing.base)
    return [event_line(number, outgoing, "C", "", [out, out, record[0], record[0]]),
            event_line(number, edit, edit.into.code, f"{edit.into.count:03d}", source + record)]


def outgoing_edit(cut: Cut, edit: Edit) -> Edit:
    """What a transition goes from; black or silence where it says so."""
    silence = Edit(edit.track, "BL", "", "", 0, edit.record, 0)
    return silence if edit.into.black else cut.before(edit) or silence


def audio_line(edit: Edit) -> list[str]:
    return [f"AUD   {edit.track[1:]}"] if edit.track in {"A3", "A4"} else []


def motion_line(edit: Edit, trigger: int) -> list[str]:
    """Speed in frames a second of the timeline's base, played normally: one decimal carries it exactly."""
    if edit.is_black or not edit.shot or edit.shot.speed == 1:
        return []
    speed = edit.shot.speed * BASE
    if speed * 10 % 1:
        raise ValueError(f"{edit.name}: M2 does not carry {speed}")
    text = f"{'-' if speed < 0 else ''}{float(abs(speed)):05.1f}"
    return [f"M2   {edit.reel:<8} {text:>11}                {label(trigger, edit.base)}"]


def comment_lines(cut: Cut, edit: Edit) -> list[str]:
    lines = audio_line(edit)
    outgoing = outgoing_edit(cut, edit) if edit.into else None
    if outgoing:
        lines += motion_line(outgoing, out_point(outgoing))
    lines += motion_line(edit, edit.source)
    if outgoing:
        lines.append(f"EFFECTS NAME IS {EFFECTS[edit.into.code]}")
        lines += [f"* FROM CLIP NAME:  {outgoing.name}"] if outgoing.name else []
        lines += [f"* TO CLIP NAME:  {edit.name}"] if edit.name else []
    elif edit.name:
        lines.append(f"* FROM CLIP NAME:  {edit.name}")
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
        lines += [*event_lines(cut, number, edit), *comment_lines(cut, edit), *locator_lines(cut, edit)]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


# OpenTimelineIO


def time(value: int, rate: float = OTIO_RATE) -> dict:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(value)}


def span(start: int, count: int, rate: float = OTIO_RATE, length_rate: float | None = None) -> dict:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": time(count, length_rate or rate),
            "start_time": time(start, rate)}


def label_rate(edit: Edit) -> float:
    return float(edit.shot.clip.label_rate) if edit.shot and not edit.is_black else OTIO_RATE


def available(edit: Edit) -> dict:
    """What the file holds: picture in frames, sound in samples (a take may begin between two frames)."""
    if edit.shot:
        return span(edit.shot.clip.start_frame, edit.shot.clip.count, label_rate(edit))
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


def effects(edit: Edit) -> list[dict]:
    if not edit.shot or edit.shot.speed == 1:
        return []
    kind = "FreezeFrame" if edit.shot.speed == 0 else "LinearTimeWarp"
    return [{"OTIO_SCHEMA": f"{kind}.1", "metadata": {}, "name": "", "effect_name": kind, "enabled": True,
             "time_scalar": float(edit.shot.speed)}]


def interval_start(edit: Edit) -> int:
    """The start of the media a clip takes: played in reverse it shows the last frame of it first."""
    if edit.shot and edit.shot.speed < 0:
        return edit.source + 1 - -(-edit.count * edit.shot.rate // 1)
    return edit.source


def clip(number: int, edit: Edit) -> dict:
    metadata = {"cmx_3600": {"reel": edit.reel}, "interlock": {"event": f"{number:03d}"}}
    if edit.shot and edit.shot.grade:
        metadata["cdl"] = cdl(edit.shot.grade)
    source = span(interval_start(edit), edit.count, label_rate(edit), OTIO_RATE)
    result = item("Clip.2", edit.name, source, metadata,
                  media_references={"DEFAULT_MEDIA": reference(edit)}, active_media_reference_key="DEFAULT_MEDIA")
    return {**result, "effects": effects(edit)}


def gap(count: int) -> dict:
    return item("Gap.1", "", span(0, count), {})


def transition(number: int, into: Transition) -> dict:
    """As a list has it: all of it after the cut."""
    metadata = {"interlock": {"event": f"{number:03d}"}}
    if into.code != "D":
        metadata["cmx_3600"] = {"transition": into.code}
    return {"OTIO_SCHEMA": "Transition.1", "metadata": metadata, "name": EFFECTS[into.code],
            "transition_type": "SMPTE_Dissolve" if into.code == "D" else "Custom_Transition",
            "in_offset": time(0), "out_offset": time(into.count)}


def track(cut: Cut, channel: str, name: str, kind: str) -> dict:
    children, record = [], 0
    for number, edit in cut.track(channel):
        if edit.record > record:
            children.append(gap(edit.record - record))
        elif edit.into and edit.into.black:
            children.append(gap(0))
        if edit.into:
            children.append(transition(number, edit.into))
        children.append(gap(edit.count) if edit.is_black else clip(number, edit))
        record = edit.end
    return item("Track.1", name, None, {}, children=children, kind=kind)


def marker(cut: Cut, index: int) -> dict:
    """On the stack, so its time counts from the first frame of the cut."""
    locator = cut.locators[index]
    return {"OTIO_SCHEMA": "Marker.2", "metadata": {}, "name": locator.text, "color": locator.colour,
            "marked_range": span(locator.record, 1), "comment": locator.text}


def otio(cut: Cut) -> bytes:
    tracks = [track(cut, "V", "V1", "Video")]
    tracks += [track(cut, name, "A1" if name == "A" else name, "Audio") for name in TRACKS[1:]]
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


def make_turnover(folder: Path, rushes: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    versions = cuts()
    for cut in versions:
        name = cut.title.lower()
        print(f"turnover/{name}.edl and .otio: {len(cut.track('V'))} shots, {cut.count} frames", flush=True)
        (folder / f"{name}.edl").write_bytes(edl(cut))
        (folder / f"{name}.otio").write_bytes(otio(cut))
    (folder / "short.ccc").write_bytes(collection(versions))
    print("turnover/short_v001_offline.mp4", flush=True)
    make_offline(versions[0], rushes, folder / "short_v001_offline.mp4")
