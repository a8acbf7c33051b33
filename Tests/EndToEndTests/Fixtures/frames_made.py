#!/usr/bin/env python3
"""Counts, independently of the Swift code, the distinct frames that two cuts need.

    frames_made.py FIRST.edl SECOND.edl GRADES.ccc
    {"first": n, "second": n, "new": n}

A frame is (reel, source label, effective CDL) of one picture frame; fit and look are the same for all.
The effective CDL of an event is the collection's entry whose id is the clip name (as printed or without
its extension), else the one whose id is the event number, else the list's ASC comments, else none.
`new` counts the second cut's frames that the first does not have. Cuts only: a transition or a retime
stops the script. Labels are non-drop, base 24.
"""

import json
import re
import sys
import xml.etree.ElementTree as xml

BASE = 24
TIMECODE = r"(\d\d:\d\d:\d\d:\d\d)"
EVENT = re.compile(rf"^(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(?:\d+\s+)?{TIMECODE}\s+{TIMECODE}\s+{TIMECODE}\s+{TIMECODE}\s*$")
COMMENT = re.compile(r"^\*\s*(FROM CLIP NAME|ASC_SOP|ASC_SAT)\s*:?\s*(.*?)\s*$")
NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
IDENTITY = (1.0,) * 3 + (0.0,) * 3 + (1.0,) * 3


def frames(label):
    hours, minutes, seconds, rest = map(int, label.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * BASE + rest


def floats(text):
    return tuple(map(float, NUMBER.findall(text)))


def read_event(match):
    number, reel, channel, transition = match.group(1, 2, 3, 4)
    source_in, source_out, record_in, record_out = map(frames, match.group(5, 6, 7, 8))
    if channel == "V" and (transition != "C" or source_out - source_in != record_out - record_in):
        sys.exit(f"event {number}: only cuts without retimes can be counted")
    return {"number": number, "reel": reel, "channel": channel, "in": source_in, "out": source_out}


def read_list(path):
    """The picture events of a CMX 3600 list with their comments."""
    events = []
    for line in open(path, encoding="ascii"):
        event, comment = EVENT.match(line), COMMENT.match(line)
        if event:
            events.append(read_event(event))
        elif comment and events:
            events[-1][comment.group(1)] = comment.group(2)
        elif line.startswith("M2"):
            sys.exit(f"{path}: a retime cannot be counted: {line.strip()}")
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
    name = event.get("FROM CLIP NAME", "")
    for identifier in (name, name.rsplit(".", 1)[0], event["number"]):
        if identifier in collection:
            return collection[identifier]
    if "ASC_SOP" not in event and "ASC_SAT" not in event:
        return None
    return floats(event["ASC_SOP"]) if "ASC_SOP" in event else IDENTITY, float(event.get("ASC_SAT", "1"))


def distinct(path, collection):
    return {(event["reel"], label, effective(event, collection))
            for event in read_list(path) for label in range(event["in"], event["out"])}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    collection = read_collection(sys.argv[3])
    first, second = distinct(sys.argv[1], collection), distinct(sys.argv[2], collection)
    print(json.dumps({"first": len(first), "second": len(second), "new": len(second - first)}))


if __name__ == "__main__":
    main()
