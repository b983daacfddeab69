# SPDX-License-Identifier: MIT
"""The goals of ./dev bench as one table, and what follows from it and from measured values: met or not, the printed
table, and the comparison with the committed ratios. Pure; for goals.py and its test."""
import statistics
from typing import NamedTuple, Optional

MOST, LEAST = "at most", "at least"


class Goal(NamedTuple):
    what: str
    unit: str
    wanted: str  # MOST: the value may be so much at most
    floor: Optional[float]  # what was found possible; None: unknown
    must: Optional[float]
    aim: Optional[float]
    is_ratio: bool = False  # of two runs of the same time: the same on other machines of the kind


GOALS = {
    "P1": Goal("churn kept, cpu-normalised", "x", LEAST, 0.951, 0.90, 0.94, True),
    "P2": Goal("cost added per connection, of that of tcpstates", "x", MOST, 0.013, 1 / 35, 1 / 60, True),
    "P3": Goal("service's CPU per connection, full churn", "us", MOST, 0.24, 1.5, 0.8),
    "P4": Goal("service's CPU per connection, 1,000 a second", "us", MOST, 0.56, 4, 1.5),
    "P4 idle": Goal("service's CPU, idle", "% of a core", MOST, 0.06, 0.2, 0.1),
    "P5": Goal("state program, less an empty one", "ns/event", MOST, 141, 250, 160),
    "P6": Goal("connect latency at 10,000 a second, p50", "x", MOST, 1.5, 1.6, 1.2, True),
    "P7": Goal("connect latency at full churn, p99", "x", MOST, 0.98, 1.25, 1.1, True),
    "P8": Goal("state changes lost, long full churn", "lost", MOST, 0, 0, 0),
    "P8 15k": Goal("lost, 15,000 connections closed at once", "lost", MOST, 0, 0, 0),
    "P8 100k": Goal("lost, 100,000 connections closed at once", "lost", MOST, 0, None, 0),
    "P9": Goal("lost and not reported, stopped for 2 s, ring of 64 KB", "unreported", MOST, 0, 0, 0),
    "P9 heal": Goal("compared with the kernel again, after it goes on", "s", MOST, None, None, 1),
    "P10": Goal("engine, 100,000 twins", "M events/s", LEAST, 34, 8, 15),
    "P10 1M": Goal("engine, 1,000,000 twins", "M events/s", LEAST, 17, 5, 10),
    "P11": Goal("ring to metrics", "M events/s", LEAST, 18.9, 4, 8),
    "P12": Goal("memory per socket", "B/socket", MOST, 104, 192, 112),
    "P12 empty": Goal("memory without connections", "MB", MOST, 4, 20, 12),
    "P13": Goal("first census, of the time of ss -tan", "x ss -tan", MOST, 0.33, 0.55, 0.42, True),
    "P13 snapshot": Goal("the command snapshot, of the time of ss -tan", "x ss -tan", MOST, None, None, None, True),
    "P14": Goal("CPU of a scrape", "ms", MOST, 1.0, 3, 1.5),
    "P14 growth": Goal("its growth with the sockets", "x", MOST, 1.0, 1.2, None, True),
    "P15": Goal("start to attached", "ms", MOST, 22, 150, 60),
    "P16": Goal("terminal at full churn, cpu-normalised", "x", LEAST, None, 0.62, 0.75, True),
    "P16 lost": Goal("lines lost there", "lost", MOST, 0, 0, 0),
}


def goal_number(key):
    """The goal that a row belongs to: "P8" of "P8 15k"."""
    return key.split(" ", 1)[0]


def holds(goal, value, limit):
    """Whether the value keeps the limit; None where there is no limit."""
    if limit is None:
        return None
    return value <= limit if goal.wanted == MOST else value >= limit


def judged(key, found):
    """A row of the results: the measured values with what was wanted and whether it is met."""
    goal = GOALS[key]
    values = found["values"]
    median = statistics.median(values)
    return {**found, "what": goal.what, "unit": goal.unit, "median": median, "least": min(values),
            "most": max(values), "wanted": goal.wanted, "floor": goal.floor, "must": goal.must,
            "aim": goal.aim, "must_met": holds(goal, median, goal.must), "aim_met": holds(goal, median, goal.aim)}


def number(value):
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 2 else f"{value:.2f}"


def met(row):
    if row["must_met"] is False:
        return "NO"
    if row["aim_met"]:
        return "aim"
    if row["must_met"]:
        return "must"
    return "-" if row["aim_met"] is None else "not the aim"


HEADINGS = ("goal", "what", "median", "min..max", "unit", "floor", "must", "aim", "met")


def cells(key, row):
    return (key, row["what"], number(row["median"]), f"{number(row['least'])}..{number(row['most'])}", row["unit"],
            number(row["floor"]), number(row["must"]), number(row["aim"]), met(row))


def text_table(rows):
    lines = [HEADINGS, *(cells(key, row) for key, row in rows.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown_table(rows):
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(cells(key, row) for key, row in rows.items())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def baseline_of(rows):
    """What is committed: the ratios, and how far they were apart."""
    return {key: {name: row[name] for name in ("median", "least", "most")}
            for key, row in rows.items() if GOALS[key].is_ratio}


def regressions(rows, baseline):
    """A line for each ratio whose median is worse than all that the baseline has seen, and whose baseline's median
    is better than all that was seen now: beyond the spread of both."""
    found = []
    for key, before in baseline.items():
        if key not in rows:
            continue
        row, is_cost = rows[key], GOALS[key].wanted == MOST
        worst, best = (before["most"], row["least"]) if is_cost else (before["least"], row["most"])
        is_worse = (row["median"] > worst and before["median"] < best) if is_cost else \
            (row["median"] < worst and before["median"] > best)
        if is_worse:
            found.append(f"{key}: {number(row['median'])} ({number(row['least'])}..{number(row['most'])}), was "
                         f"{number(before['median'])} ({number(before['least'])}..{number(before['most'])})")
    return found


BEGIN, END = "<!-- made by ./dev bench --write-docs -->", "<!-- end of what ./dev bench made -->"


def document_with(document, text):
    """The document with the text between its two markers."""
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise ValueError(f"the document needs one line '{BEGIN}' and after it one '{END}'")
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"
