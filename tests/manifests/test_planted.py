"""The checkers bite: defects planted in a manifest that we ship, and who finds each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.support.checkers import Report, checkov, schema_finding
from tests.support.shipped import objects
from tests.support.words import word_finding

Object = dict[str, Any]
Plant = Callable[[Object], None]


@pytest.fixture(scope="module")
def sound() -> Object:
    """A Deployment as we ship it."""
    return next(each for path, each in objects("prod-ops") if each["kind"] == "Deployment")


def pod(deployment: Object) -> Object:
    found: Object = deployment["spec"]["template"]["spec"]
    return found


def container(deployment: Object) -> Object:
    found: Object = pod(deployment)["containers"][0]
    return found


def security(deployment: Object) -> Object:
    found: Object = container(deployment)["securityContext"]
    return found


POLICIES: dict[str, tuple[str, Plant]] = {
    "a privileged container": ("CKV_K8S_16", lambda it: security(it).update(privileged=True)),
    "no memory limit": ("CKV_K8S_13", lambda it: container(it)["resources"].pop("limits")),
    "no CPU request": ("CKV_K8S_10", lambda it: container(it)["resources"]["requests"].pop("cpu")),
    "the tag latest": ("CKV_K8S_14", lambda it: container(it).update(image="registry.example.com/a:latest")),
    "no digest": ("CKV_K8S_43", lambda it: container(it).update(image="registry.example.com/a:1.2.3")),
    "the node's network": ("CKV_K8S_19", lambda it: pod(it).update(hostNetwork=True)),
    "the node's processes": ("CKV_K8S_17", lambda it: pod(it).update(hostPID=True)),
    "the root user": ("CKV_K8S_23", lambda it: pod(it)["securityContext"].update(runAsNonRoot=False, runAsUser=0)),
    "a low user": ("CKV_K8S_40", lambda it: pod(it)["securityContext"].update(runAsUser=1000)),
    "a writable root file system": ("CKV_K8S_22", lambda it: security(it).update(readOnlyRootFilesystem=False)),
    "a way to more rights": ("CKV_K8S_20", lambda it: security(it).update(allowPrivilegeEscalation=True)),
    "a service account's token": ("CKV_K8S_38", lambda it: pod(it).update(automountServiceAccountToken=True)),
    "an added capability": ("CKV_K8S_39", lambda it: security(it)["capabilities"].update(add=["SYS_ADMIN"])),
    "no seccomp profile": ("CKV_K8S_31", lambda it: pod(it)["securityContext"].pop("seccompProfile")),
    "no readiness": ("CKV_K8S_9", lambda it: container(it).pop("readinessProbe")),
    "the default namespace": ("CKV_K8S_21", lambda it: it["metadata"].update(namespace="default")),
}

SCHEMAS: dict[str, tuple[str, Plant]] = {
    "a number as text": ("spec.replicas: '2' is not", lambda it: it["spec"].update(replicas="2")),
    "a list as text": ("args: 'serve' is not", lambda it: container(it).update(args="serve")),
    "a variable as a number": (
        "0.value: 8080 is not",
        lambda it: container(it).update(env=[{"name": "A", "value": 8080}]),
    ),
    "a field of no version": ("'replica' was unexpected", lambda it: it["spec"].update(replica=2)),
    "a field in the wrong place": ("'image' was unexpected", lambda it: pod(it).update(image="a")),
    "no selector": ("'selector' is a required property", lambda it: it["spec"].pop("selector")),
    "no containers": ("'containers' is a required property", lambda it: pod(it).pop("containers")),
    "a container without a name": ("'name' is a required property", lambda it: container(it).pop("name")),
}

WORDS: dict[str, tuple[str, Plant]] = {
    "a pull policy that is none": ("'Sometimes'", lambda it: container(it).update(imagePullPolicy="Sometimes")),
    "an update strategy that is none": ("'Rolling'", lambda it: it["spec"].update(strategy={"type": "Rolling"})),
    "a protocol in small letters": ("'tcp'", lambda it: container(it)["ports"][0].update(protocol="tcp")),
}


def planted(sound: Object, plant: Plant) -> Object:
    bad = copy.deepcopy(sound)
    plant(bad)
    return bad


@pytest.fixture(scope="module")
def report(sound: Object, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Checkov over one file for each defect, and over one without any."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "sound.yaml").write_text(yaml.safe_dump(sound), encoding="utf-8")
    for number, (_, plant) in enumerate(POLICIES.values()):
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(planted(sound, plant)), encoding="utf-8")
    return checkov(folder, tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("defect", POLICIES)
def test_checkov_finds(defect: str, report: Report) -> None:
    file = f"{list(POLICIES).index(defect)}.yaml"
    of_the_sound = {each.check for each in report.failed if each.path == "sound.yaml"}
    found = {each.check for each in report.failed if each.path == file} - of_the_sound
    assert POLICIES[defect][0] in found


@pytest.mark.parametrize(("expected", "plant"), SCHEMAS.values(), ids=SCHEMAS)
def test_the_schema_refuses(expected: str, plant: Plant, sound: Object) -> None:
    assert schema_finding(sound) is None
    assert expected in (schema_finding(planted(sound, plant)) or "")


@pytest.mark.parametrize(("expected", "plant"), WORDS.values(), ids=WORDS)
def test_the_list_of_words_refuses(expected: str, plant: Plant, sound: Object) -> None:
    assert word_finding(sound) is None
    assert f"{expected} is not one of" in (word_finding(planted(sound, plant)) or "")
