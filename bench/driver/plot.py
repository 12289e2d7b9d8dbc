# SPDX-License-Identifier: Apache-2.0
"""Bar charts as SVG, written as plain text. It knows nothing of benchmarks: bars come with their names and texts."""

from html import escape
from typing import NamedTuple

WIDTH, LEFT, RIGHT = 800, 220, 120  # pixels: of the picture, of the names, and of the texts behind the bars
BAR, GAP, HEAD, FOOT = 16, 8, 44, 14
OURS, THEIRS, GOAL, TEXT, FAINT = "#1f6f54", "#9aa5b1", "#c2410c", "#1f2933", "#7b8794"


class Bar(NamedTuple):
    """A value with its least and most, and the text that stands behind it."""

    name: str
    value: float
    least: float
    most: float
    text: str
    ours: bool


class Panel(NamedTuple):
    """Bars of one kind under a title; `goal` is (value, text) or None."""

    title: str
    bars: list
    goal: tuple


def number(value):
    """A coordinate: at most one digit behind the point, and never -0."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text(x, y, content, colour=TEXT, anchor="start", weight=""):
    style = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" fill="{colour}" text-anchor="{anchor}"{style}>{escape(content)}</text>'
    )


def line(x1, y1, x2, y2, colour, dashes=""):
    style = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{colour}"{style}/>'
    )


def bar_lines(bar, y, scale):
    """One bar, with a whisker from the least to the most where they differ."""
    middle = y + BAR / 2
    yield text(LEFT - 8, middle + 4, bar.name, anchor="end", weight="bold" if bar.ours else "")
    colour = OURS if bar.ours else THEIRS
    width = max(1, bar.value * scale)
    yield f'<rect x="{LEFT}" y="{number(y)}" width="{number(width)}" height="{BAR}" fill="{colour}"/>'
    end = LEFT + width
    if bar.most > bar.least:
        low, high = LEFT + bar.least * scale, LEFT + bar.most * scale
        yield line(low, middle, high, middle, TEXT)
        yield line(low, middle - 3, low, middle + 3, TEXT)
        yield line(high, middle - 3, high, middle + 3, TEXT)
        end = max(end, high)
    yield text(end + 6, middle + 4, bar.text)


def height(panel):
    return HEAD + len(panel.bars) * (BAR + GAP) + FOOT


def panel_lines(panel, top):
    longest = max([bar.most for bar in panel.bars] + ([panel.goal[0]] if panel.goal else []))
    scale = (WIDTH - LEFT - RIGHT) / longest if longest > 0 else 0
    yield text(12, top + 20, panel.title, weight="bold")
    first = top + HEAD
    bottom = first + len(panel.bars) * (BAR + GAP)
    if panel.goal:
        x = LEFT + panel.goal[0] * scale
        yield line(x, first - 4, x, bottom, GOAL, "4 3")
        yield text(max(x, LEFT + 40), first - 8, f"goal {panel.goal[1]}", GOAL, "middle")
    yield line(LEFT, first - 4, LEFT, bottom, FAINT)
    for index, bar in enumerate(panel.bars):
        yield from bar_lines(bar, first + index * (BAR + GAP), scale)


def svg(title, panels):
    """The whole picture, panels one below the other."""
    total = sum(map(height, panels))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{total}" viewBox="0 0 {WIDTH} {total}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{total}" fill="#ffffff"/>',
    ]
    top = 0
    for panel in panels:
        lines += panel_lines(panel, top)
        top += height(panel)
    return "\n".join([*lines, "</svg>", ""])
