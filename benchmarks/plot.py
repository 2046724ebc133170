"""Plots the figures: time by the size of the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

Json = dict[str, Any]
_LINES = {
    "helm-release": ("helm template per release", "#c0504d", "s-"),
    "kustomize-overlay": ("kustomize build per overlay", "#8064a2", "^-"),
    "kustomize-whole": ("kustomize build per cluster", "#8064a2", "^:"),
    "helm-umbrella": ("helm template, umbrella chart per cluster", "#c0504d", "s:"),
    "cold": ("synth, nothing cached", "#1f4e9c", "o-"),
    "one-changed": ("synth, one service changed", "#1f4e9c", "o--"),
    "unchanged": ("synth, nothing changed", "#1f4e9c", "o:"),
}


def plot(results: Json, file: Path) -> None:
    """Write the plot. The same figures produce the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "desired", "svg.fonttype": "none", "font.size": 10}):
        figure, axes = plt.subplots(figsize=(8, 6), layout="constrained")
        sizes = sorted(map(int, results["sizes"]))
        for name, (label, colour, form) in _LINES.items():
            times = {size: results["sizes"][str(size)]["times"].get(name, {}).get("seconds") for size in sizes}
            known = [size for size in sizes if times[size]]
            if known:
                axes.plot(known, [times[size] for size in known], form, color=colour, label=label)
        axes.set(xscale="log", yscale="log", xlabel="services, in three environments each", ylabel="seconds")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.grid(visible=True, alpha=0.3)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        machine = results["machine"]
        axes.set_title(f"One run on {machine['cores']} cores; both axes logarithmic", fontsize=10)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
