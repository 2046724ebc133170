"""The generated fleet is one that synth takes, and Helm and Kustomize are given the same objects to make."""

from __future__ import annotations

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from benchmarks import charts, overlays
from benchmarks.fleet import ENVIRONMENTS, FOLLOWS, GeneratedFleet, generate, variables
from benchmarks.objects import Object, RenderedRelease, alike, documents, identity, releases
from desired.render import yaml

SERVICES = 3


def synth(fleet: GeneratedFleet) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        fleet.command(), cwd=fleet.folder, env=variables(fleet.folder), capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> GeneratedFleet:
    made = generate(tmp_path_factory.mktemp("bench") / "fleet", SERVICES)
    done = synth(made)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def made(fleet: GeneratedFleet) -> list[RenderedRelease]:
    return releases(fleet.manifests)


def test_every_service_runs_in_all_environments(made: list[RenderedRelease]) -> None:
    in_apps = {f"{environment}-apps" for environment in ENVIRONMENTS}
    in_ops = {f"{environment}-ops" for environment in ENVIRONMENTS}
    clusters = {each.name: set(each.clusters) for each in made}
    assert clusters.pop("platform") == in_apps | in_ops
    assert clusters.pop("reference") == in_ops
    assert list(clusters.values()) == [in_apps] * SERVICES


def test_an_edited_service_changes_only_the_environment_that_follows_apps(fleet: GeneratedFleet) -> None:
    before = {file: file.read_bytes() for file in fleet.manifests.rglob("*.yaml")}
    fleet.edit(1)
    assert synth(fleet).returncode == 0
    changed = {file.relative_to(fleet.manifests) for file, text in before.items() if file.read_bytes() != text}
    assert changed
    assert {path.parts[0] for path in changed} == {f"{FOLLOWS}-apps"}


def test_each_edit_is_one_of_its_own(fleet: GeneratedFleet) -> None:
    sources = set()
    for number in range(3):
        fleet.edit(number)
        sources.add(tuple(file.stat().st_size for file in sorted((fleet.folder / "apps").glob("*.py"))))
    assert len(sources) == 3


def rendered(chart: charts.HelmChart, cluster: str) -> list[Object]:
    """What Helm makes of the few words that the templates use."""
    values = chart.values[cluster]

    def section(found: re.Match[str]) -> str:
        value = values[found[2]]
        shown = value if found[1] == "if" else value is not None
        return found[3].replace("{{ toJson . }}", json.dumps(value)) if shown else ""

    made = []
    for template in chart.templates.values():
        text = template
        for word in ("with", "if"):
            block = rf" *{{{{- ({word}) \.Values\.(\w+) }}}}\n(.*?) *{{{{- end }}}}\n"
            text = re.sub(block, section, text, flags=re.DOTALL)
        text = re.sub(r"{{ \.Values\.(\w+) \| toJson }}", lambda found: json.dumps(values[found[1]]), text)
        made += documents(text)
    return made


def test_charts_hold_the_same_objects(made: list[RenderedRelease]) -> None:
    for release in made:
        chart = charts.chart(release)
        for cluster, objects in release.clusters.items():
            assert alike(rendered(chart, cluster), objects), (release.name, cluster)


def test_charts_say_images_replicas_and_what_differs_as_values(made: list[RenderedRelease]) -> None:
    service = next(each for each in made if each.name not in ("platform", "reference"))
    chart = charts.chart(service)
    names = set(chart.values[f"{FOLLOWS}-apps"])
    assert any(name.endswith("_image") for name in names)
    assert any(name.endswith("_resources") for name in names)
    assert any(name.endswith(("_replicas", "_minReplicas")) for name in names)


def built(folder: Path) -> list[Object]:
    """What Kustomize makes of the few fields that the overlays use."""
    about = yaml.load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    objects: list[Object] = []
    for resource in about["resources"]:
        path = folder / resource
        objects += built(path) if path.is_dir() else [yaml.load(path.read_text(encoding="utf-8"))]
    for patch in about.get("patches", ()):
        target = patch["target"]
        version = "/".join(target[key] for key in ("group", "version") if key in target)
        (fitting,) = [
            each
            for each in objects
            if (each["apiVersion"], each["kind"], each["metadata"]["name"]) == (version, target["kind"], target["name"])
        ]
        for operation in yaml.load(patch["patch"]):
            apply(fitting, operation)
    for image in about.get("images", ()):
        for each in objects:
            for container in overlays.containers(each):
                if container["image"] == image["name"]:
                    container["image"] += "@" + image["digest"]
    return objects


def apply(node: Any, operation: dict[str, Any]) -> None:
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    for part in way:
        node = node[int(part) if isinstance(node, list) else part]
    key = int(last) if isinstance(node, list) else last
    if operation["op"] == "remove":
        del node[key]
    else:
        node[key] = operation["value"]


def test_overlays_hold_the_same_objects(made: list[RenderedRelease], tmp_path: Path) -> None:
    for release in made:
        overlays.write(release, tmp_path / release.name)
        for cluster, objects in release.clusters.items():
            assert alike(built(tmp_path / release.name / cluster), objects), (release.name, cluster)


BEFORE = {"a": 1, "b/c": {"d": [1, 2]}, "e": "x"}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE, id="nothing"),
        pytest.param({**BEFORE, "a": 2}, id="a value"),
        pytest.param({"a": 1, "e": "x"}, id="a field gone"),
        pytest.param({**BEFORE, "f~g": {}}, id="a new field"),
        pytest.param({**BEFORE, "b/c": {"d": [1, 3]}}, id="an item"),
        pytest.param({**BEFORE, "b/c": {"d": [1, 2, 3]}}, id="a longer list"),
    ],
)
def test_the_operations_of_a_patch_make_the_one_from_the_other(after: dict[str, Any]) -> None:
    changed = deepcopy(BEFORE)
    for operation in overlays.differences(BEFORE, after):
        apply(changed, operation)
    assert changed == after


def test_no_two_objects_of_a_cluster_are_one(made: list[RenderedRelease]) -> None:
    for cluster in {cluster for each in made for cluster in each.clusters}:
        names = [identity(each) for release in made for each in release.clusters.get(cluster, ())]
        assert len(names) == len(set(names))
