"""Infrastructures as data: every file of ours, and names that change with the content and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.values import Problem, amount
from stacks.resources import infrastructure
from stacks.resources.infrastructure import FOLDER, WORKER, Infrastructure, Templates, load
from tests.support.stacks import CLUSTER_SPECS

NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
OURS = pytest.mark.parametrize("name", NAMES)
_KUBELET = {
    "path": "/var/lib/kubelet/config.json",
    "permissions": "0600",
    "contentFrom": {"secret": {"name": "image-pull", "key": "config.json"}},
}


def _find(data: Any, key: str) -> Iterator[Any]:
    """All that stands under a key, however deep."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name == key:
            yield value
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _find(value, key)


def _class(templates: Templates) -> dict[str, Any]:
    (found,) = [each for each in templates.objects if each["kind"] == "ClusterClass"]
    return found


def test_infrastructures_include_those_of_our_environments() -> None:
    assert {cluster_spec.infrastructure.name for cluster_spec in CLUSTER_SPECS} <= set(NAMES)
    assert {"aws", "azure", "in-memory", "openstack"} <= set(NAMES)


@OURS
def test_each_file_is_an_infrastructure(name: str) -> None:
    found = load(name)
    assert found.name == name
    assert list(found.config.machines) == ["S", "M", "L"]
    memory = [amount(machine.memory) for machine in found.config.machines.values()]
    assert memory == sorted(memory)


@OURS
def test_a_class_refers_to_the_templates_beside_it(name: str) -> None:
    templates = load(name).templates("here")
    given = {(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in templates.objects[:-1]}
    wanted = {(each["apiVersion"], each["kind"], each["name"]) for each in _find(_class(templates), "templateRef")}
    assert wanted == given
    assert templates.class_name == _class(templates)["metadata"]["name"]
    assert {each["metadata"]["namespace"] for each in templates.objects} == {"here"}


@OURS
def test_a_class_declares_all_variables_that_clusters_and_patches_use(name: str) -> None:
    spec = _class(load(name).templates("here"))["spec"]
    declared = {each["name"]: each["required"] for each in spec["variables"]}
    assert declared.keys() >= {"region", "machineType"}
    assert {each for each, required in declared.items() if required} <= {"region", "machineType"}
    assert set(_find(spec.get("patches", []), "variable")) <= declared.keys()


@OURS
def test_a_class_checks_the_health_of_its_machines(name: str) -> None:
    spec = _class(load(name).templates("here"))["spec"]
    (worker,) = spec["workers"]["machineDeployments"]
    assert worker["class"] == WORKER
    for part in (worker, spec["controlPlane"]):
        conditions = part["healthCheck"]["checks"]["unhealthyNodeConditions"]
        assert {(each["type"], each["status"]) for each in conditions} == {("Ready", "Unknown"), ("Ready", "False")}


@OURS
def test_every_node_pulls_images_with_the_image_pull_secret(name: str) -> None:
    templates = load(name).templates("here")
    specs = {each["kind"]: each["spec"]["template"]["spec"] for each in templates.objects if "Kubeadm" in each["kind"]}
    assert _KUBELET in specs["KubeadmControlPlaneTemplate"]["kubeadmConfigSpec"]["files"]
    assert _KUBELET in specs["KubeadmConfigTemplate"]["files"]


@OURS
def test_template_names_end_in_a_digest_of_their_content(name: str) -> None:
    here, there = load(name).templates("here"), load(name).templates("there")
    names = [each["metadata"]["name"] for each in here.objects]
    assert names == [each["metadata"]["name"] for each in there.objects]
    (digest,) = {each.rpartition("-")[2] for each in names}
    assert (len(digest), all(each.startswith(f"{name}-") for each in names)) == (8, True)


def _digest(given: Infrastructure) -> str:
    return given.templates("here").class_name.rpartition("-")[2]


@pytest.mark.parametrize("index", range(6))
def test_a_changed_object_changes_the_names_of_all_templates(index: int) -> None:
    given = load("in-memory")
    objects = list(given.objects)
    objects[index] = {**objects[index], "spec": {**objects[index]["spec"], "other": True}}
    other = given._replace(objects=tuple(objects))
    assert _digest(other) != _digest(given)
    assert other.digest != given.digest


def test_changed_kubelet_credentials_change_the_template_names(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digest(load("in-memory"))
    monkeypatch.setattr(infrastructure, "_KUBELET_CREDENTIALS", {**_KUBELET, "permissions": "0640"})
    assert _digest(load("in-memory")) != before


def test_a_changed_chart_changes_the_digest_but_not_the_class() -> None:
    given = load("aws")
    other = given._replace(config=given.config.model_copy(update={"charts": given.config.charts[:1]}))
    assert _digest(other) == _digest(given)
    assert other.digest != given.digest


def test_the_order_of_keys_does_not_change_the_digest() -> None:
    given = load("in-memory")
    turned = tuple(dict(reversed(each.items())) for each in given.objects)
    assert given._replace(objects=turned).digest == given.digest


@pytest.mark.parametrize(
    ("name", "domain"), [("aws", "eu-central-1b"), ("azure", "2"), ("openstack", "b"), ("in-memory", "b")]
)
def test_a_zone_has_the_name_that_the_infrastructure_gives_it(name: str, domain: str) -> None:
    assert load(name).failure_domain("eu-central-1", "b") == domain


def test_an_unknown_zone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Problem) as refused:
        load("azure").failure_domain("westeurope", "z")
    assert str(refused.value) == "azure has no zone 'z'; stacks/infrastructures/azure.yaml has a, b, c"


def test_an_unknown_infrastructure_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Problem) as refused:
        load("moon")
    known = ", ".join(NAMES)
    assert str(refused.value) == f"stacks/infrastructures/ has no 'moon'; it has {known}"


MACHINES = {size: {"type": size, "cpu": "2", "memory": "4Gi"} for size in ("S", "M", "L")}
WORDS = {"machines": MACHINES, "failureDomain": "{zone}"}


@pytest.mark.parametrize(
    ("documents", "sentence"),
    [
        ([WORDS], "must have exactly one ClusterClass; see in-memory.yaml for an example"),
        (
            [WORDS, *2 * [{"kind": "ClusterClass"}]],
            "must have exactly one ClusterClass; see in-memory.yaml for an example",
        ),
        ([{**WORDS, "zone": {}}], "InfrastructureConfig has no field `zone`; did you mean `zones`?"),
        ([{"machines": MACHINES}], "InfrastructureConfig.failureDomain must be given"),
        ([{**WORDS, "machines": {"S": MACHINES["S"]}}], "InfrastructureConfig.machines"),
        (["{"], "cannot be read ("),
        ([], "cannot be read ("),
    ],
)
def test_an_invalid_infrastructure_file_is_refused(
    documents: list[Any], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = documents[0] if documents == ["{"] else yaml.safe_dump_all(documents)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(infrastructure, "FOLDER", tmp_path)
    with pytest.raises(Problem) as refused:
        load("mine")
    assert refused.value.sentences[0].startswith(f"stacks/infrastructures/mine.yaml: {sentence}")
