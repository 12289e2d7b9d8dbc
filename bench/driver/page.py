# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md and its pictures from saved results, the goals, and the notes on what limits a row.

It is a function of these three alone: no clock, no machine, no order of a set enters.
"""

import re

from . import plot, table, verdict

FORMATS = {
    "p50_ns": ("p50", table.duration),
    "p99_ns": ("p99", table.duration),
    "cpu_ns": ("processor time", table.duration),
    "bytes_per_actor": ("bytes each", lambda value: f"{value:.0f} B"),
    "rss_bytes": ("memory", table.memory),
}

HEAD = """# Performance

<!-- Written by `./dev bench --report` from docs/performance/results.jsonl, bench/goals.json and bench/limits.txt:
     change those, not this page. -->

Each row is one program for each contestant, doing the same work, with what was received checked before a figure is
printed. Contestants take turns (A B C A B C ...) in one go; a figure is the median of its runs, beside the least and
the most. Runs on several cores during which the distance between these changed are dropped and repeated, and those kept
were all at one distance. Before each run as much memory is touched as its contestant takes, since the host of a virtual
machine takes back what lies free, and the first touch of it then costs ten times as much. Time runs from just before
the first message to the last. Rates are per second of that time.
Slower contestants do less of the same work, n, but where its amount matters (memory, lateness).

*Local* means that all actors start on one loop, which is where a program's actors start unless it says otherwise;
*spread* that they are spread over all. A peer on N cores, which places its actors as it likes, is compared with both on
N loops. Goals are for local actors, but where a row says spread. Actors that do nothing but talk to each other are
slower apart than together, here as anywhere: what limits such a row says so.
"""


def read_limits(path, rows):
    """The notes by row: below a line `[row]` comes Markdown."""
    notes, row = {}, None
    if not path.exists():
        return notes
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        heading = re.fullmatch(r"\[(\w+)\]", line)
        if heading:
            row = heading[1]
            if row not in rows:
                raise SystemExit(f"{path}:{number}: there is no row {row}")
            notes[row] = []
        elif row is not None:
            notes[row].append(line)
    return {row: "\n".join(lines).strip() for row, lines in notes.items() if "\n".join(lines).strip()}


def markdown(head, rows):
    """A table; the first column is aligned to the left, the others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def rate(value, unit):
    return f"{table.count(value)} {unit}"


def deviation(rates):
    """How far apart the runs are, in percent of the median."""
    if len(rates.rates) < 2 or rates.rate == 0:
        return ""
    return f"{100 * (max(rates.rates) - min(rates.rates)) / rates.rate:.0f} %"


def contestant_name(key):
    peer, loops, placement = key
    name = verdict.title(peer)
    return f"{name}, {placement}" if loops > 1 and peer == "greenroom" else name


def contestant_cells(found, key, extra):
    """The table's line of one contestant."""
    figures = found.by_contestant[key]
    peer, loops, _ = key
    name = contestant_name(key)
    cells = [f"**{name}**" if peer == "greenroom" else name, str(loops), table.count(figures.lines[0]["n"]),
             str(len(figures.lines))]
    if found.has_rate:
        cells += [table.count(figures.rate), table.count(min(figures.rates)), table.count(max(figures.rates))]
        cells.append(deviation(figures))
    ratios = [] if peer == "greenroom" else found.ratios(peer, loops)
    cells.append(" / ".join(table.times(ratio) for _, ratio in ratios))
    for field in extra:
        value = figures.median(field)
        cells.append("" if value is None else FORMATS[field][1](value))
    return cells


def result_table(found):
    extra = [f for f in FORMATS if any(figures.median(f) is not None for figures in found.by_contestant.values())]
    head = ["contestant", "loops or cores", "n", "runs"]
    if found.has_rate:
        head += [f"median, {found.unit}", "least", "most", "range"]
    head += ["ours, local / spread, is", *(FORMATS[field][0] for field in extra)]
    return markdown(head, [contestant_cells(found, key, extra) for key in found.contestants()])


def bars(found, field):
    """Bars of one figure: the median of each contestant, and for rates the least and most."""
    result = []
    for key in found.contestants():
        figures = found.by_contestant[key]
        value = figures.rate if field == "rate" else figures.median(field)
        if value is None:
            continue
        seen = [line[field] for line in figures.lines if field in line]
        shown = table.count(value) if field == "rate" else FORMATS[field][1](value)
        unit = "loop" if key[0] == "greenroom" else "core"
        name = f"{verdict.title(key[0])}, {key[1]} {unit}{'s' * (key[1] > 1)}"
        name += f", {key[2]}" if key[1] > 1 and key[2] else ""
        result.append(plot.Bar(name, value, min(seen), max(seen), shown, key[0] == "greenroom"))
    return result


def picture(found):
    panels = []
    if found.has_rate:
        goal = found.goal.get("rate")
        panels.append(plot.Panel(f"{found.name}: {found.unit}, more is better", bars(found, "rate"),
                                 (goal, table.count(goal)) if goal else None))
    for field, (name, shown) in FORMATS.items():
        wanted = found.goal.get(field)
        if wanted is not None:
            panels.append(plot.Panel(f"{found.name}: {name}, less is better", bars(found, field),
                                     (wanted, shown(wanted))))
    panels = [panel for panel in panels if panel.bars]
    return plot.svg(found.name, panels) if panels else None


def judgements(found):
    """The goals of a result with what was measured, as a table; empty if it has none."""
    lines = []
    for judged in found.judge():
        shown = (lambda value: rate(value, found.unit)) if judged.field == "rate" else None
        shown = shown or (FORMATS[judged.field][1] if judged.field in FORMATS else table.times)
        word = {True: "met", False: f"**{100 * judged.share:.0f} % of it**"}[judged.met]
        lines.append([judged.what, shown(judged.wanted), shown(judged.measured), word])
    return markdown(["goal", "wanted", "measured", ""], lines) if lines else ""


def result_section(found, pictures):
    parts = []
    drawn = picture(found)
    if drawn:
        pictures[f"{found.name}.svg"] = drawn
        parts.append(f"![{found.name}](performance/{found.name}.svg)\n")
    parts.append(result_table(found))
    judged = judgements(found)
    if judged:
        parts.append(judged)
    return "\n".join(parts)


def row_section(row, goal, results, note, pictures):
    parts = [f"## {row}\n", goal["work"] + "\n"]
    if not results.results:
        parts.append("Not measured yet.\n")
    for found in results.results:
        if len(results.results) > 1:
            parts.append(f"### {found.name}\n" if found.name != row else f"### {row} itself\n")
        parts.append(result_section(found, pictures))
    parts += [f"FAILED, {who}: {text}\n" for who, text in results.failures]
    if note:
        parts.append(f"What limits it: {note}\n")
    return "\n".join(parts)


def fastest_peer(found, loops):
    """The fastest peer on so many cores, and what ours is of its rate."""
    peer = found.fastest(loops)
    if peer is None:
        return ""
    ratios = " / ".join(table.times(ratio) for _, ratio in found.ratios(peer[0], loops))
    return f"{verdict.title(peer[0])} {table.count(peer[1])}" + (f", ours is {ratios}" if ratios else "")


def other_goals(found):
    """Those of the goals that are no rate, with what was measured."""
    texts = []
    for judged in found.judge():
        if judged.field in FORMATS:
            name, shown = FORMATS[judged.field]
            texts.append(f"{name} {shown(judged.measured)} of {shown(judged.wanted)}")
    return ", ".join(texts)


def summary(all_results):
    """One line for each result: rates, the share of the goals, and the fastest peer."""
    lines = []
    for results in all_results:
        for found in results.results:
            one, most, wanted = found.ours(1), found.most_loops, found.goal.get("rate")
            cells = [f"[{found.name}](#{results.row})", table.count(one.rate) if one and found.has_rate else ""]
            cells += [table.count(wanted), f"{100 * one.rate / wanted:.0f} %"] if wanted and one else ["", ""]
            cells += [other_goals(found), fastest_peer(found, 1)]
            several = [found.ours(most, placement) for placement in ("local", "spread")]
            shown = most > 1 and found.has_rate
            cells += [table.count(figures.rate) if figures and shown else "" for figures in several]
            lines.append([*cells, fastest_peer(found, most) if most > 1 else ""])
    head = ["result", "1 loop", "goal", "of goal", "of other goals", "fastest peer, 1 core", "all loops, local"]
    return markdown([*head, "spread", "fastest peer, as many cores"], lines)


def list_of(texts):
    return "".join(f"- {text}\n" for text in texts)


def machines(blocks):
    """What was measured on what, when, and by which commands; each thing said once."""
    abouts = [blocks[place].about for place in sorted(blocks)]
    ran = dict.fromkeys(tuple(about["machine"].items()) for about in abouts)
    parts = ["## Machine, versions, commands\n"]
    parts.append(list_of("; ".join(f"{key}: {value}" for key, value in each) for each in ran))
    dates = sorted({about["date"] for about in abouts})
    distances = [ns for block in blocks.values() for line in block.lines for ns in line.get("round_trip_ns", [])]
    facts = [f"measured on {dates[0]}" if len(dates) == 1 else f"measured from {dates[0]} to {dates[-1]}"]
    if distances:
        facts.append(f"a cache line's round trip between two cores: {min(distances):.0f} to {max(distances):.0f} ns")
    facts.append(f"others used at most {100 * max(about['others'] for about in abouts):.0f} % of it during a run")
    parts.append(list_of(facts))
    programs = dict.fromkeys(f"Greenroom: {about['greenroom']}" for about in abouts)
    programs |= dict.fromkeys(text for about in abouts for text in about["peers"].values())
    left_out = dict.fromkeys(each for about in abouts for each in about["left_out"].items())
    programs |= dict.fromkeys(f"{peer} is left out: {why}" for peer, why in left_out)
    parts.append(list_of(programs))
    commands = sorted({about["command"] for about in abouts})
    parts.append("```sh\n" + "".join(f"{command}\n" for command in commands) + "./dev bench --report\n```\n")
    return "\n".join(parts)


def write(blocks, goals, notes):
    """(text of the page, {name: text} of its pictures, rows that are short of a goal and have no note)."""
    pictures = {}
    all_results = [verdict.Results(row, goal, blocks) for row, goal in goals.items()]
    measured = [results for results in all_results if results.results]
    parts = [HEAD]
    if measured:
        parts += [summary(measured), machines(blocks)]
    parts += [row_section(r.row, goals[r.row], r, notes.get(r.row), pictures) for r in all_results]
    short = [r.row for r in measured if r.row not in notes and any(not j.met for f in r.results for j in f.judge())]
    return "\n".join(parts), pictures, short
