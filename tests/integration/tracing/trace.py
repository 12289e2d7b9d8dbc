# SPDX-License-Identifier: Apache-2.0
"""Checks a file against Chrome's trace-event format, as strictly as Perfetto's importer reads it, and what ours say.

The format is described in "Trace Event Format" (Google, 2016); Perfetto reads it in
src/trace_processor/importers/json. What either ignores silently is a complaint here.
"""
import json
from collections import Counter, defaultdict

# Phase -> the keys it needs beside name, ph, pid and tid.
PHASES = {
    "X": {"cat", "ts", "dur"},  # a slice
    "i": {"cat", "ts", "s"},  # a moment
    "s": {"cat", "ts", "id"},  # a flow begins
    "f": {"cat", "ts", "id", "bp"},  # a flow ends
    "b": {"cat", "ts", "id"},  # an asynchronous slice begins
    "e": {"cat", "ts", "id"},  # and ends
    "M": {"args"},  # says something about a process or thread
}
ALLOWED = {"args", "name", "ph", "pid", "tid", "ts"}


def events_of(text):
    """(events, complaints) of a file's text: an array, or an object that holds one."""
    try:
        whole = json.loads(text)
    except ValueError as error:
        return [], [f"no JSON: {error}"]
    events = whole.get("traceEvents") if isinstance(whole, dict) else whole
    if not isinstance(events, list):
        return [], ["neither an array nor an object with traceEvents"]
    return events, []


def is_time(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def check_event(event):
    """What is wrong with one event by itself."""
    if not isinstance(event, dict):
        return "it is no object"
    phase = event.get("ph")
    if phase not in PHASES:
        return f"phase {phase!r}"
    missing = ({"name", "ph", "pid", "tid"} | PHASES[phase]) - set(event)
    if missing:
        return f"without {sorted(missing)}"
    unknown = set(event) - ALLOWED - PHASES[phase]
    if unknown:
        return f"with {sorted(unknown)}, which its phase does not have"
    for key in ("name", "cat"):
        if key in event and not (isinstance(event[key], str) and event[key]):
            return f"{key} is {event[key]!r}"
    for key in ("pid", "tid"):
        if not isinstance(event[key], int) or event[key] < 1:
            return f"{key} is {event[key]!r}: Perfetto takes 0 for an idle thread"
    for key in ("ts", "dur"):
        if key in event and not is_time(event[key]):
            return f"{key} is {event[key]!r}"
    if phase == "i" and event["s"] not in ("g", "p", "t"):
        return f"scope {event['s']!r}"
    if "id" in event and not (isinstance(event["id"], str) and event["id"].startswith("0x")):
        return f"id is {event['id']!r}"
    if "args" in event and not isinstance(event["args"], dict):
        return "args is no object"
    return None


def nanoseconds(microseconds):
    return round(microseconds * 1000)


def check_nesting(events):
    """Slices of one track lie within each other or apart; Perfetto drops one that crosses another."""
    tracks = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            start = nanoseconds(event["ts"])
            tracks[event["pid"], event["tid"]].append((start, start + nanoseconds(event["dur"]), event["name"]))
    for track, slices in tracks.items():
        open_ends = []
        for start, end, name in sorted(slices, key=lambda slice_: (slice_[0], -slice_[1])):
            while open_ends and open_ends[-1] <= start:
                open_ends.pop()
            if open_ends and end > open_ends[-1]:
                yield f"on track {track} the slice {name!r} at {start} ns crosses the end of another"
            open_ends.append(end)


def check_pairs(events):
    """Every asynchronous slice that begins ends, once, not before it began."""
    began = defaultdict(list)
    for event in events:
        key = event["cat"], event["id"], event["name"], event["pid"]
        if event["ph"] == "b":
            began[key].append(event["ts"])
        elif not began[key]:
            yield f"{key} ends and had not begun"
        elif event["ts"] < began[key].pop():
            yield f"{key} ends before it began"
    yield from (f"{key} never ends" for key, left in began.items() if left)


def find_slice(slices, ts):
    """Whether a sorted list of (start, end) has one around a time."""
    import bisect
    at = bisect.bisect_right(slices, (ts, float("inf"))) - 1
    return any(start <= ts <= end for start, end in slices[max(0, at - 64):at + 1])


def check_flows(events, ordered):
    """Flows begin and end within slices, and each that begins ends; Perfetto ignores a flow that begins under the id of
    one that has not ended, and draws its arrow from where that began. With `ordered` times say what came first."""
    slices, flows = defaultdict(list), []
    for event in events:
        if event["ph"] == "X":
            start = nanoseconds(event["ts"])
            slices[event["tid"]].append((start, start + nanoseconds(event["dur"])))
        elif event["ph"] in "sf":
            flows.append(event)
    for track in slices.values():
        track.sort()
    under_way = Counter()
    for event in sorted(flows, key=lambda event: (event["ts"], event["ph"] == "f")) if ordered else flows:
        if event["ph"] == "f" and event["bp"] != "e":
            yield "a flow ends at the next slice: bp must be e"
        if ordered and not find_slice(slices[event["tid"]], nanoseconds(event["ts"])):
            yield f"the flow {event['id']} has no slice around it at {event['ts']}"
        under_way[event["id"]] += 1 if event["ph"] == "s" else -1
        if ordered and under_way[event["id"]] < 0:
            yield f"the flow {event['id']} ends at {event['ts']} and had not begun"
        if ordered and under_way[event["id"]] > 1:
            yield f"the flow {event['id']} begins at {event['ts']} and has not ended"
    yield from (f"the flow {name} ends more often than it begins" for name, left in under_way.items() if left < 0)
    yield from (f"the flow {name} never ends" for name, left in under_way.items() if left > 0)


def count_spans(events):
    """What the spans say happened, by the names of the counters."""
    kinds = Counter((event["ph"], event.get("cat")) for event in events)
    return {"spawned": kinds["i", "spawn"], "ended": kinds["X", "end"], "sent": kinds["i", "send"],
            "handled": kinds["X", "handle"]}


def check_ours(events):
    """What a trace of ours has beside: a name for each track, and sums that agree with the counters at its end."""
    named = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    used = {(event["pid"], event["tid"]) for event in events}
    yield from (f"track {track} has no name" for track in sorted(used - named))
    counts = [event["args"] for event in events if event.get("cat") == "counts"]
    if len(counts) != 1:
        yield f"{len(counts)} events have the counters"
        return
    for name, number in count_spans(events).items():
        if counts[0].get(name) != number:
            yield f"{number} spans of what was {name}, but the counter is {counts[0].get(name)}"


def check(text, ordered=True):
    """All complaints about the text of a trace. `ordered`: times tell what came before what, so not in virtual time."""
    events, complaints = events_of(text)
    if complaints:
        return complaints
    for index, event in enumerate(events):
        complaint = check_event(event)
        if complaint:
            complaints.append(f"event {index}: {complaint}: {json.dumps(event)[:200]}")
    if complaints:
        return complaints
    pairs = [event for event in events if event["ph"] in "be"]
    return [*check_nesting(events), *check_pairs(pairs), *check_flows(events, ordered), *check_ours(events)]
