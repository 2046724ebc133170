"""What a run of the tests on the real thing showed and measured, as data; `page.py` shows it to people."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .programs.modules import MODULES, pin


@dataclass(frozen=True)
class Measure:
    """One figure: `group` is its chapter, `goal` what it should not exceed, if there is one."""

    group: str
    name: str
    value: float
    unit: str
    goal: float | None = None


@dataclass(frozen=True)
class Plot:
    """Lines over time in one picture: `x` in seconds, each line's values at `x`, and moments that get a mark."""

    group: str
    title: str
    y: str
    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    marks: Mapping[str, float]


@dataclass(frozen=True)
class Shown:
    """One test that passed: its sentence, its chapter, and the seconds that it took."""

    group: str
    sentence: str
    seconds: float


@dataclass
class Record:
    """Collects what one run showed."""

    measures: list[Measure] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def measure(self, group: str, name: str, value: float, unit: str, goal: float | None = None) -> None:
        """One figure, such as `("GitOps", "from push to applied", 3.2, "s", 10)`."""
        self.measures.append(Measure(group, name, round(value, 3), unit, goal))

    def plot(
        self,
        group: str,
        title: str,
        y: str,
        x: Sequence[float],
        lines: Mapping[str, Sequence[float]],
        marks: Mapping[str, float] | None = None,
    ) -> None:
        """One picture; see `Plot`."""
        rounded = {name: [round(value, 3) for value in values] for name, values in lines.items()}
        self.plots.append(Plot(group, title, y, [round(second, 3) for second in x], rounded, dict(marks or {})))

    def passed(self, group: str, test: str, seconds: float) -> None:
        """One test, by the name of its function."""
        sentence = test.removeprefix("test_").replace("_", " ")
        self.shown.append(Shown(group, sentence, round(seconds, 1)))

    def write(self, folder: Path) -> None:
        """`results.json` in that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {"machine": _machine(), "programs": _programs(), **asdict(self)}
        (folder / "results.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _machine() -> dict[str, str | int | float]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _programs() -> dict[str, str]:
    return {
        name: pin(module.folder).version(package) for module in MODULES for name, package in module.programs.items()
    }
