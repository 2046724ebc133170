"""Measures Helm and Kustomize on the objects that synth wrote."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testbed.programs.build import program

from . import charts, overlays
from .clock import Program, ProgramFailed, on_all_cores, one_by_one
from .measures import Measures, say
from .objects import Object, RenderedRelease, alike, documents

_LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class ToolRun:
    """One run of a tool, and the objects that it must produce."""

    program: Program
    objects: list[Object]

    def check(self) -> None:
        """Compare the output with the objects of synth. Raises Failed if they differ."""
        if not alike(documents(self.program.output.read_text(encoding="utf-8")), self.objects):
            raise ProgramFailed(f"`{' '.join(self.program.command)}` makes other objects than synth. Fix benchmarks/")


@dataclass(frozen=True)
class Tools:
    """Helm and Kustomize, which read folders of charts and overlays."""

    folder: Path
    helm: Path
    kustomize: Path

    def chart(self, chart: str, *more: str) -> Program:
        """Return one run of `helm template`."""
        return self._program([str(self.helm), "template", Path(chart).name, chart, *more])

    def overlay(self, overlay: str) -> Program:
        """Return one run of `kustomize build`."""
        return self._program([str(self.kustomize), "build", overlay])

    def _program(self, command: list[str]) -> Program:
        homes = {f"HELM_{what}_HOME": str(self.folder / "home") for what in ("CACHE", "CONFIG", "DATA")}
        output = self.folder / "out" / Path(command[0]).name / command[-1].replace("/", "_")
        return Program(command, self.folder, output, {"PATH": os.defpath, "HOME": str(self.folder / "home"), **homes})


def measure(releases: list[RenderedRelease], folder: Path, repeat: int, sample: int, measures: Measures) -> None:
    """Measure each tool in each way. Runs at most `sample` programs of each, and scales the time to all."""
    measures.data["objects"] = sum(len(objects) for each in releases for objects in each.clusters.values())
    tools = Tools(folder, program("helm"), program("kustomize"))
    say("writing charts and overlays")
    clusters = _write(releases, folder)
    pairs = [(each.name, cluster, each.clusters[cluster]) for each in releases for cluster in each.clusters]
    per_release = [
        ToolRun(tools.chart(f"charts/{name}", "-f", f"charts/{name}/values-{cluster}.yaml"), objects)
        for name, cluster, objects in pairs
    ]
    per_overlay = [ToolRun(tools.overlay(f"releases/{name}/{cluster}"), objects) for name, cluster, objects in pairs]
    _many("helm-release", per_release, repeat, sample, measures)
    _many("kustomize-overlay", per_overlay, repeat, sample, measures)
    made = {cluster: [each for r in releases for each in r.clusters.get(cluster, ())] for cluster in clusters}
    _few("helm-umbrella", [ToolRun(tools.chart(f"umbrellas/{each}"), made[each]) for each in made], repeat, measures)
    _few("kustomize-whole", [ToolRun(tools.overlay(f"wholes/{each}"), made[each]) for each in made], repeat, measures)


def _write(releases: list[RenderedRelease], folder: Path) -> list[str]:
    """Write the charts and overlays of each release and each cluster, and return the clusters."""
    made = [charts.chart(release) for release in releases]
    for chart in made:
        chart.write(folder / "charts" / chart.name)
    for release in releases:
        overlays.write(release, folder / "releases" / release.name)
    clusters = sorted({cluster for each in releases for cluster in each.clusters})
    for cluster in clusters:
        charts.umbrella(made, folder / "charts", cluster, folder / "umbrellas" / cluster)
        overlays.whole(releases, "../../releases", cluster, folder / "wholes" / cluster)
    return clusters


def _many(name: str, builds: list[ToolRun], repeat: int, sample: int, measures: Measures) -> None:
    """Measure one program for each release: one after another, as in a shell loop, and on all cores."""
    some = min(sample, len(builds))
    chosen = [builds[number * len(builds) // some] for number in range(some)]
    programs = [build.program for build in chosen]
    on_all_cores(programs)  # warms up
    for build in chosen:
        build.check()
    about = {"runs": len(builds), "sampled": len(chosen)}
    scale = len(builds) / len(chosen)
    for suffix, run in (("", one_by_one), ("-parallel", on_all_cores)):
        taken = [run(programs) * scale for _ in range(repeat)]
        say(f"{measures.data['services']} services: {name}{suffix}: {', '.join(f'{each:.2f}' for each in taken)} s")
        measures.times(name + suffix, taken, **about)


def _few(name: str, builds: list[ToolRun], repeat: int, measures: Measures) -> None:
    """Measure one program for each cluster. If they do not end in time, that is the result."""
    programs = [build.program for build in builds]
    try:
        programs[-1].run(_LIMIT_SECONDS)  # warms up
        taken = [one_by_one(programs, _LIMIT_SECONDS) for _ in range(repeat)]
    except subprocess.TimeoutExpired:
        return measures.missing(name, f"did not end within {_LIMIT_SECONDS:.0f} s for one cluster")
    for build in builds:
        build.check()
    say(f"{measures.data['services']} services: {name}: {', '.join(f'{each:.2f}' for each in taken)} s")
    return measures.times(name, taken, runs=len(builds), sampled=len(builds))
