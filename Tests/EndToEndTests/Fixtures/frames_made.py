#!/usr/bin/env python3
"""Counts, independently of the Swift code, the distinct frames that two cuts need.

    frames_made.py FIRST.edl SECOND.edl GRADES.ccc [REEL=RATE:BASE:READING ...]
    {"first": n, "second": n, "new": n, "frames": [n, n]}

A frame of a shot is (reel, number, effective CDL), number being its label's count from midnight at the base of
the reel's timecode. Black is one frame. A frame of a transition is what is seen in it: its kind, the share
(k+1)/(n+1) of the incoming side, and both sides' frames. Fit and look are the same for all.

Frame k of an event shows source in + floor(k * speed), down in reverse; speed is M2 over 24, and for a reel
declared `realtime` times its rate over 24000/1001 (`every-frame`: times 1). A transition takes its outgoing
frames from what the event before would go on to show, or from black where its first line says BL.

The effective CDL of an event is the collection's entry whose id is the clip name (as printed or without its
extension), else the one whose id is the event number, else the list's ASC comments, else none. `new` counts
the second cut's frames that the first does not have; `frames` is how long the cuts are.
"""

import json
import re
import sys
import xml.etree.ElementTree as xml
from fractions import Fraction

TIMELINE = Fraction(24000, 1001)
TIMECODE = r"(\d\d:\d\d:\d\d:\d\d)"
EVENT = re.compile(rf"^(\d+)\s+(\S+)\s+(\S+)\s+(C|D|W\d+)\s+(?:(\d+)\s+)?{TIMECODE}\s+{TIMECODE}\s+{TIMECODE}\s+{TIMECODE}\s*$")
COMMENT = re.compile(r"^\*\s*(FROM CLIP NAME|TO CLIP NAME|ASC_SOP|ASC_SAT)\s*:?\s*(.*?)\s*$")
MOTION = re.compile(rf"^M2\s+(\S+)\s+(-?[\d.]+)\s+{TIMECODE}\s*$")
NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
IDENTITY = (1.0,) * 3 + (0.0,) * 3 + (1.0,) * 3


def count(label, base=24):
    hours, minutes, seconds, rest = map(int, label.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * base + rest


def floats(text):
    return tuple(map(float, NUMBER.findall(text)))


def read_list(path):
    """The picture events of a CMX 3600 list: the lines of each, and what stands below."""
    events = []
    for line in open(path, encoding="ascii"):
        found = EVENT.match(line)
        if found:
            number, reel, channel, code, length = found.group(1, 2, 3, 4, 5)
            fields = {"reel": reel, "code": code, "length": int(length or 0), "in": found.group(6),
                      "from": count(found.group(8)), "to": count(found.group(9))}
            if events and events[-1]["number"] == number and code != "C":
                events[-1]["lines"].append(fields)
            else:
                events.append({"number": number, "channel": channel, "lines": [fields], "motions": []})
        elif events and (comment := COMMENT.match(line)):
            events[-1][comment.group(1)] = comment.group(2)
        elif events and (motion := MOTION.match(line)):
            events[-1]["motions"].append((motion.group(1), Fraction(motion.group(2)) / 24))
    return [event for event in events if event["channel"] == "V"]


def read_collection(path):
    """id → nine SOP numbers and the saturation."""
    namespace = {"cdl": "urn:ASC:CDL:v1.2"}

    def values(correction, name):
        return floats(correction.find(f".//cdl:{name}", namespace).text)

    return {
        correction.get("id"): (values(correction, "Slope") + values(correction, "Offset")
                               + values(correction, "Power"), values(correction, "Saturation")[0])
        for correction in xml.parse(path).getroot().findall("cdl:ColorCorrection", namespace)
    }


def effective(event, collection):
    name = event.get("TO CLIP NAME" if len(event["lines"]) > 1 else "FROM CLIP NAME", "")
    for identifier in (name, name.rsplit(".", 1)[0], event["number"]):
        if identifier in collection:
            return collection[identifier]
    if "ASC_SOP" not in event and "ASC_SAT" not in event:
        return None
    return floats(event["ASC_SOP"]) if "ASC_SOP" in event else IDENTITY, float(event.get("ASC_SAT", "1"))


class Shot:
    """What an event shows at each of its frames, and beyond them."""

    def __init__(self, event, collection, rates):
        line = event["lines"][-1]
        self.reel = line["reel"]
        self.start, self.end = line["from"], line["to"]
        if self.reel == "BL":
            return
        rate, base, reading = rates.get(self.reel, (TIMELINE, 24, "every-frame"))
        # With two lines of one reel the first is the outgoing clip's.
        own = [speed for reel, speed in event["motions"] if reel == self.reel]
        self.speed = own[-1] if own else Fraction(1)
        self.rate = abs(self.speed) * (rate / TIMELINE if reading == "realtime" else 1)
        self.first = count(line["in"], base)
        self.grade = effective(event, collection)

    def frame(self, at):
        if self.reel == "BL":
            return "black"
        steps = at * self.rate // 1
        return self.reel, self.first + (-steps if self.speed < 0 else steps), self.grade


def distinct(path, collection, rates):
    frames, total, before = set(), 0, None
    for event in read_list(path):
        shot, line = Shot(event, collection, rates), event["lines"][-1]
        outgoing = None if event["lines"][0]["reel"] == "BL" else before
        for at in range(shot.end - shot.start):
            if at < line["length"]:
                old = outgoing.frame(outgoing.end - outgoing.start + at) if outgoing else "black"
                share = Fraction(at + 1, line["length"] + 1)
                frames.add((line["code"], share, old, shot.frame(at)))
            else:
                frames.add(shot.frame(at))
            total += 1
        before = shot
    return frames, total


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    rates = {}
    for rule in sys.argv[4:]:
        reel, values = rule.split("=")
        rate, base, reading = values.split(":")
        rates[reel] = (Fraction(rate), int(base), reading)
    collection = read_collection(sys.argv[3])
    (first, length), (second, other) = (distinct(path, collection, rates) for path in sys.argv[1:3])
    print(json.dumps({"first": len(first), "second": len(second), "new": len(second - first),
                      "frames": [length, other]}))


if __name__ == "__main__":
    main()
