"""The page that shows people what a run of the tests on the real thing showed: Markdown with pictures."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

Json = dict[str, Any]
GROUPS = ("Admission", "GitOps", "Operations", "Stacks", "Traffic", "Test bed")
"""The chapters, in their order."""
_HEAD = """# What the real thing showed

Written by `make e2e`, from one run on {cores} cores and {memory_gib} GiB ({system}). The figures are in
[results.json](results.json). Programs: {programs}.

The nodes are kwok's but for the chapter on traffic: it says of a pod what a kubelet would say, and runs nothing. So
nothing here shows that an image exists and starts, that a probe's path answers, that a volume holds what was written,
that a network plugin enforces the NetworkPolicies, or that a pod has enough CPU and memory.
"""


def write(folder: Path) -> Path:
    """The page beside `results.json` in that folder, from it alone. Raises `ValueError` for an unknown group."""
    results: Json = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if missing := {item["group"] for item in [*results["measures"], *results["shown"]]} - set(GROUPS):
        raise ValueError(f"testbed/page.py has no chapter for {', '.join(sorted(missing))}; add it to GROUPS")
    programs = ", ".join(f"{name} {version}" for name, version in results["programs"].items())
    parts = [_HEAD.format(**results["machine"], programs=programs)]
    parts += [_chapter(group, results, folder) for group in GROUPS]
    page = folder / "README.md"
    page.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    return page


def _chapter(group: str, results: Json, folder: Path) -> str:
    shown, measures, plots = (_of(group, results[key]) for key in ("shown", "measures", "plots"))
    if not (shown or measures or plots):
        return ""
    parts = [f"## {group}\n"]
    parts += [_table(measures)] if measures else []
    parts += [f"![{plot['title']}]({_picture(plot, folder)})\n" for plot in plots]
    parts += ["".join(f"- {test['sentence']} ({test['seconds']:g} s)\n" for test in shown)] if shown else []
    return "\n".join(parts)


def _of(group: str, items: Iterable[Json]) -> list[Json]:
    return [item for item in items if item["group"] == group]


def _table(measures: Iterable[Json]) -> str:
    rows = [f"| {m['name']} | {_number(m['value'])} {m['unit']} | {_goal(m)} |\n" for m in measures]
    return "| measured | value | goal |\n| --- | ---: | --- |\n" + "".join(rows)


def _goal(measure: Json) -> str:
    if measure["goal"] is None:
        return ""
    word = "met" if measure["value"] <= measure["goal"] else "**missed**"
    return f"at most {_number(measure['goal'])}: {word}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def _picture(plot: Json, folder: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", plot["title"].lower()).strip("-") + ".svg"
    with matplotlib.rc_context({"svg.hashsalt": "desired", "svg.fonttype": "none", "font.size": 10}):
        figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
        for label, values in plot["lines"].items():
            axes.plot(plot["x"], values, label=label, linewidth=1.2)
        for label, second in plot["marks"].items():
            axes.axvline(second, color="#888888", linewidth=0.8, linestyle=":")
            axes.text(second, 1.01, label, rotation=30, fontsize=8, transform=axes.get_xaxis_transform())
        axes.set(xlabel="seconds", ylabel=plot["y"])
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="best", frameon=False)
        figure.savefig(folder / name, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return name
