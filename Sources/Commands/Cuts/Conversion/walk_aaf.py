"""Lists the operation groups of an AAF file, and what an OpenTimelineIO version of it holds of them.

usage: walk_aaf.py CUT.aaf CUT.otio OUT.otio        (all read and written as files; the list goes to standard output)

OUT.otio is CUT.otio without the effects that have no meaning of their own: who prints the list tells them with track
and timecode. The AAF file is only read.
"""
import collections
import fractions
import json
import sys

import aaf2

DEEPEST = 48
MOST = 100_000


class Walk:
    """Goes through the tracks of the compositions and keeps a record per operation group."""

    def __init__(self):
        self.operations = []
        self.timecode = None
        self.problems = []

    def file(self, aaf):
        mobs = list(aaf.content.toplevel())
        if not mobs:
            mobs = list(aaf.content.compositionmobs())
        for mob in mobs:
            self.read_timecode(mob)
        for mob in mobs:
            counts = collections.Counter()
            for slot in mob.slots:
                kind = {"Picture": "V", "Sound": "A", "LegacySound": "A"}.get(slot.media_kind)
                if kind is None or type(slot).__name__ == "EventMobSlot":
                    continue
                rate = fractions.Fraction(getattr(slot, "edit_rate", None) or 24)
                scope = slot.segment
                layers = list(scope.slots) if type(scope).__name__ == "NestedScope" else [scope]
                for layer in layers:
                    counts[kind] += 1
                    track = "%s%d" % (kind, counts[kind])
                    self.segment(layer, fractions.Fraction(0), rate, track, 0)

    def read_timecode(self, mob):
        for slot in mob.slots:
            segment = slot.segment
            if type(segment).__name__ == "Timecode" and self.timecode is None:
                self.timecode = {
                    "start": int(segment.start),
                    "base": int(segment.fps),
                    "isDropFrame": bool(segment.drop),
                    "rate": str(fractions.Fraction(slot.edit_rate)),
                }

    def segment(self, segment, start, rate, track, depth):
        """`start` counts edit units of `rate` from the beginning of the track."""
        if depth > DEEPEST or len(self.operations) >= MOST:
            self.problems.append("the file nests too deep or holds too many effects; not all are listed")
            return
        kind = type(segment).__name__
        if kind == "Sequence":
            position = start
            for component in segment.components:
                length = int(getattr(component, "length", 0) or 0)
                if type(component).__name__ == "Transition":
                    position -= length
                    self.operation(
                        component["OperationGroup"].value, position, length, rate, track, depth + 1, True)
                else:
                    self.segment(component, position, rate, track, depth + 1)
                    position += length
        elif kind == "OperationGroup":
            self.operation(segment, start, int(segment.length or 0), rate, track, depth, False)
        elif kind == "NestedScope":
            for layer in segment.slots:
                self.segment(layer, start, rate, track, depth + 1)
        elif kind == "Selector":
            self.segment(segment["Selected"].value, start, rate, track, depth + 1)
        elif kind == "SourceClip":
            self.source(segment, start, rate, track, depth)

    def source(self, clip, start, rate, track, depth):
        """Nested sequences, and effects that sit on the source itself."""
        mob = clip.mob
        if mob is None or type(mob).__name__ == "SourceMob":
            return
        slot = clip.slot
        if slot is None or slot.segment is None or type(slot.segment).__name__ == "SourceClip":
            return
        self.segment(slot.segment, start - int(clip.start or 0), rate, track, depth + 1)

    def operation(self, group, start, length, rate, track, depth, is_transition):
        name = group.operation.name
        seconds = start / rate
        self.operations.append({
            "name": name,
            "identifier": effect_identifier(group),
            "track": track,
            "second": str(seconds),
            "seconds": str(fractions.Fraction(length) / rate),
            "isTransition": is_transition,
            "speedChanges": speed_changes(group),
            "carriedAs": None,
        })
        for segment in group.segments:
            self.segment(segment, start, rate, track, depth + 1)


def parameters(group):
    try:
        return list(group.parameters)
    except Exception:
        return []


def effect_identifier(group):
    """Avid's own name of the effect, such as `EFF2_BLEND_RESIZE`; empty for others."""
    for parameter in parameters(group):
        if parameter.name == "AvidEffectID":
            try:
                return bytes(parameter.value).split(b"\0")[0].decode("ascii", "replace")
            except Exception:
                return ""
    return ""


def speed_changes(group):
    """Whether a speed map has keyframes of different speeds."""
    for parameter in parameters(group):
        if parameter.name == "PARAM_SPEED_MAP_U" and type(parameter).__name__ == "VaryingValue":
            try:
                return len({str(point.value) for point in parameter["PointList"].value}) > 1
            except Exception:
                return True
    return False


def carried(operations, timeline):
    """Finds for each operation what the OpenTimelineIO file made of it: equal names meet in the order of the file."""
    made = collections.defaultdict(collections.deque)
    objects = [timeline]
    while objects:
        value = objects.pop()
        if isinstance(value, list):
            objects.extend(reversed(value))
        elif isinstance(value, dict):
            schema = str(value.get("OTIO_SCHEMA", ""))
            if schema.startswith("Transition."):
                group = ((value.get("metadata") or {}).get("AAF") or {}).get("OperationGroup") or {}
                name = (group.get("Operation") or {}).get("Name") or value.get("name")
                made[name].append("Transition")
            is_stack = schema.startswith("Stack.")
            for effect in value.get("effects") or []:
                kind = str(effect.get("OTIO_SCHEMA", "")).split(".")[0]
                made[effect.get("name")].append("Stack" if is_stack and kind == "Effect" else kind)
            objects.extend(
                item for key, item in reversed(list(value.items())) if key not in ("metadata", "effects"))
    for operation in operations:
        if made[operation["name"]]:
            operation["carriedAs"] = made[operation["name"]].popleft()


def without_effects(value):
    """Takes out the effects without a meaning of their own; returns nothing, changes `value`."""
    objects = [value]
    while objects:
        value = objects.pop()
        if isinstance(value, list):
            objects.extend(value)
        elif isinstance(value, dict):
            if isinstance(value.get("effects"), list):
                value["effects"] = [
                    effect for effect in value["effects"]
                    if not str(effect.get("OTIO_SCHEMA", "")).startswith("Effect.")
                ]
            objects.extend(item for key, item in value.items() if key != "metadata")


def main():
    cut, converted, output = sys.argv[1:4]
    walk = Walk()
    with aaf2.open(cut, "r") as aaf:
        walk.file(aaf)
    with open(converted, encoding="utf-8") as file:
        timeline = json.load(file)
    carried(walk.operations, timeline)
    if timeline.get("global_start_time") is None and walk.timecode:
        # The adapter overlooks the timecode of some programs.
        timeline["global_start_time"] = {
            "OTIO_SCHEMA": "RationalTime.1",
            "rate": float(fractions.Fraction(walk.timecode["rate"])),
            "value": float(walk.timecode["start"]),
        }
    without_effects(timeline)
    with open(output, "w", encoding="utf-8") as file:
        json.dump(timeline, file)
    json.dump(
        {"timecode": walk.timecode, "operations": walk.operations, "problems": sorted(set(walk.problems))},
        sys.stdout)


main()
