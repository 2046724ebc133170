"""The Flux objects: one Kustomization for each folder, none of which waits for another."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Environment, Git
from constructs_lib.testing import Object, one, render, render_platform
from envs.compose import components
from tests.support.fleet import environment, service
from tests.support.platform import PAIR, component, whole

_UNSIGNED = environment(git=Git(url="https://git.example.com/fleet.git", branch="deployed", interval_seconds=90))


@pytest.fixture(scope="module")
def kustomizations() -> list[Object]:
    objects = [*whole("apps"), *render(service(), PAIR, candidate=service(), share=40)]
    return [each for each in objects if each["kind"] == "Kustomization"]


def test_there_is_one_kustomization_for_each_folder(kustomizations: list[Object]) -> None:
    folders = [f"platform/{each.name}" for each in components(PAIR, "apps")]
    folders += ["apps/greeter", "apps/greeter-blue", "apps/greeter-green"]
    paths = [each["spec"]["path"] for each in kustomizations]
    assert sorted(paths) == sorted(f"./manifests/green-field-apps/{folder}" for folder in folders)
    assert len({each["metadata"]["name"] for each in kustomizations}) == len(folders)


def test_none_waits_for_anything_that_a_rollback_could_be_behind(kustomizations: list[Object]) -> None:
    for each in kustomizations:
        assert not {"wait", "dependsOn", "suspend"} & set(each["spec"])
    waiting = [each["metadata"]["name"] for each in kustomizations if "healthChecks" in each["spec"]]
    assert waiting == ["platform-gateways"]


def test_what_is_gone_from_git_goes_from_the_cluster(kustomizations: list[Object]) -> None:
    assert {each["spec"]["prune"] for each in kustomizations} == {True}


def test_the_folder_is_compared_as_often_as_the_environment_says(kustomizations: list[Object]) -> None:
    assert {each["spec"]["interval"] for each in kustomizations} == {"30s"}


@pytest.mark.parametrize(("interval", "retry"), [(90, "10s"), (5, "5s")])
def test_what_failed_is_tried_again_soon(interval: int, retry: str) -> None:
    git = Git(url="https://git.example.com/fleet.git", interval_seconds=interval)
    objects = render_platform(environment(git=git), "apps", components)
    assert {each["spec"]["retryInterval"] for each in objects if each["kind"] == "Kustomization"} == {retry}


def test_a_cluster_takes_nothing_out_of_git_but_its_own_folder() -> None:
    assert one(component("gitops", "ops"), "GitRepository")["spec"]["sparseCheckout"] == ["manifests/green-field-ops"]


def test_every_folder_comes_from_the_one_repository(kustomizations: list[Object]) -> None:
    source = one(component("gitops"), "GitRepository")["metadata"]["name"]
    assert [each["spec"]["sourceRef"] for each in kustomizations] == [{"kind": "GitRepository", "name": source}] * len(
        kustomizations
    )


def test_the_health_of_a_gateway_is_told_by_an_expression(kustomizations: list[Object]) -> None:
    (spec,) = [each["spec"] for each in kustomizations if "healthChecks" in each["spec"]]
    assert sorted(each["name"] for each in spec["healthChecks"]) == ["external", "internal"]
    (expression,) = spec["healthCheckExprs"]
    assert (expression["kind"], "Programmed" in expression["current"]) == ("Gateway", True)


@pytest.mark.parametrize(
    ("env", "branch", "interval", "verify"),
    [
        pytest.param(PAIR, "live", "30s", {"mode": "HEAD", "secretRef": {"name": "keys"}}, id="signed"),
        pytest.param(_UNSIGNED, "deployed", "90s", None, id="not signed"),
    ],
)
def test_the_repository_is_pulled_and_verified_where_there_are_signers(
    env: Environment, branch: str, interval: str, verify: dict[str, Any] | None
) -> None:
    spec = one(component("gitops", env=env), "GitRepository")["spec"]
    assert spec["url"] == "https://git.example.com/fleet.git"
    assert (spec["ref"], spec["interval"]) == ({"branch": branch}, interval)
    assert spec.get("verify") == verify


def test_a_receiver_is_called_when_the_repository_moves() -> None:
    objects = component("gitops")
    (resource,) = one(objects, "Receiver")["spec"]["resources"]
    assert (resource["kind"], resource["name"]) == ("GitRepository", one(objects, "GitRepository")["metadata"]["name"])


def test_people_are_told_which_cluster_cannot_follow() -> None:
    objects = component("gitops", "ops")
    alert = one(objects, "Alert")["spec"]
    provider = one(objects, "Provider")
    assert provider["spec"]["secretRef"] == {"name": "pager"}
    assert alert["providerRef"] == {"name": provider["metadata"]["name"]}
    assert alert["eventSeverity"] == "error"
    assert alert["eventMetadata"] == {"cluster": "green-field-ops", "environment": "green-field"}
    assert {each["kind"] for each in alert["eventSources"]} >= {"Kustomization", "HelmRelease", "GitRepository"}
