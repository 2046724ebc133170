"""The goals of synth, and a check whether the figures reach them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_GIB = 2**30
ROWS = {
    "cold": "**synth, nothing cached**",
    "one-changed": "**synth, one service changed**",
    "unchanged": "**synth, nothing changed**",
    "cli-unchanged": "`cdk8s synth` around it, nothing changed",
    "helm-release": "`helm template` per release, one after the other",
    "helm-release-parallel": "`helm template` per release, on all cores",
    "helm-umbrella": "`helm template` of one umbrella chart per cluster",
    "kustomize-overlay": "`kustomize build` per overlay, one after the other",
    "kustomize-overlay-parallel": "`kustomize build` per overlay, on all cores",
    "kustomize-whole": "`kustomize build` of one overlay per cluster",
}
"""The measurements, in the order of the table."""
_COMPARED = {"kustomize-overlay": 1.0, "helm-release": 0.35}


@dataclass(frozen=True)
class Goal:
    """A goal: its description, the measured figure, and the limit in the same unit."""

    text: str
    got: float
    at_most: float
    unit: str

    @property
    def reached(self) -> bool:
        """Whether the figure reaches the goal."""
        return self.got <= self.at_most


def goals(sizes: dict[int, Json]) -> list[Goal]:
    """Yield the goals for which there are figures."""
    found = list(_at_fifty(sizes[50])) if 50 in sizes else []
    if 1000 in sizes:
        memory = sizes[1000]["memory"]["peak-cold"] / _GIB
        found.append(Goal("1,000 × 3, nothing cached: memory of all processes", memory, 1.5, "GiB"))
    if 50 in sizes and 1000 in sizes:
        per_service = {size: sizes[size]["times"]["cold"]["seconds"] / size for size in (50, 1000)}
        ratio = per_service[1000] / per_service[50]
        found.append(Goal("1,000 × 3, nothing cached: cost per service, in that at 50 × 3", ratio, 1.2, "×"))
    return found


def _at_fifty(figures: Json) -> Iterator[Goal]:
    times = {name: each["seconds"] for name, each in figures["times"].items()}
    for name, most in _COMPARED.items():
        if times.get(name):
            title = f"50 × 3, nothing cached: time in that of {ROWS[name]}"
            yield Goal(title, times["cold"] / times[name], most, "×")
    yield Goal("50 × 3, one service changed", times["one-changed"], 1.5, "s")
    yield Goal("50 × 3, nothing changed", times["unchanged"], 0.4, "s")
