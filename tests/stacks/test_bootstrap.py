"""What a new cluster begins with, so that it follows its folder without a hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from constructs_lib import Git
from stacks.bootstrap import _installer
from stacks.infrastructure import Chart
from stacks.side import ROOT, Side
from tests.stacks.parts import APPS, CLUSTER, OURS
from tests.support.recording import Run
from tests.support.stacks import SECRETS, changed, first, run

SETS = "addons.cluster.x-k8s.io/v1beta2:ClusterResourceSet"
CHARTED = first("apps", lambda side: side.infrastructure.words.charts)


def carried(made: Run, side: Side, step: str) -> list[dict[str, Any]]:
    """The objects that a step brings into the cluster."""
    secret = made.one("core/v1:Secret", f"{side.name}/bootstrap-{step}").item
    assert secret["type"] == "addons.cluster.x-k8s.io/resource-set"
    return list(yaml.safe_load_all(secret["stringData"]["objects.yaml"]))


def _named(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in objects}


@OURS
def test_each_step_is_carried_into_this_cluster_by_a_set(side: Side, runs: Mapping[str, Run]) -> None:
    labels = runs[side.name].one(CLUSTER).item["metadata"]["labels"]
    strategies = {}
    for each in runs[side.name].of(SETS):
        spec = each.item["spec"]
        assert spec["clusterSelector"]["matchLabels"].items() <= labels.items()
        assert spec["clusterSelector"]["matchLabels"] != {}
        assert spec["resources"] == [{"kind": "Secret", "name": each.item["metadata"]["name"]}]
        strategies[each.item["metadata"]["name"]] = spec["strategy"]
    # What Flux applies from then on is given once: two writers would undo each other.
    assert strategies == {
        "bootstrap-install": "Reconcile",
        "bootstrap-credentials": "Reconcile",
        "bootstrap-sync": "ApplyOnce",
    }


@OURS
def test_a_cluster_pulls_its_own_folder_as_it_lies_in_git(side: Side, runs: Mapping[str, Run]) -> None:
    sync = carried(runs[side.name], side, "sync")
    folder = ROOT / "manifests" / side.name / "platform" / "gitops"
    in_git = [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))]
    assert [each for each in sync if each not in in_git] == []
    assert set(_named(sync)) == {"GitRepository/fleet", "Kustomization/platform-gitops"}
    assert _named(sync)["Kustomization/platform-gitops"]["spec"]["path"] == f"./manifests/{side.name}/platform/gitops"


@OURS
def test_all_secrets_that_the_gitops_agent_reads_are_there_before_it(side: Side, runs: Mapping[str, Run]) -> None:
    environment = side.environment
    found = _named(carried(runs[side.name], side, "credentials"))
    expected = {
        "Secret/fleet-credentials": {"username": "fleet", "password": SECRETS["gitPassword"]},
        "Secret/receiver-token": {"token": SECRETS["receiverToken"]},
        f"Secret/{environment.alert_address}": {"address": SECRETS["alertAddress"]},
    }
    assert {name: found[name]["stringData"] for name in expected} == expected
    assert found[f"Secret/{environment.git.signers}"]["stringData"].keys() == {"publisher.sshpub"}
    assert {each["metadata"].get("namespace") for each in found.values()} == {"flux-system", None}
    assert next(iter(found)) == "Namespace/flux-system"


def test_the_names_of_the_secrets_are_those_that_the_environment_says() -> None:
    git = APPS.environment.git.model_copy(update={"signers": "others"})
    environments = changed(APPS, git=git, alert_address="pager")
    made = run(APPS.name, environments=environments)
    names = set(_named(carried(made, APPS, "credentials")))
    assert {"Secret/others", "Secret/pager"} <= names


def test_an_environment_that_takes_unsigned_commits_needs_no_signers() -> None:
    git = Git(url=APPS.environment.git.url)
    made = run(APPS.name, environments=changed(APPS, git=git), config={"signers": None})
    assert len(carried(made, APPS, "credentials")) == 4


def _job(made: Run, side: Side) -> dict[str, Any]:
    (job,) = [each for each in carried(made, side, "install") if each["kind"] == "Job"]
    return job


def _commands(job: dict[str, Any]) -> list[list[str]]:
    pod = job["spec"]["template"]["spec"]
    return [each["command"] for each in (*pod["initContainers"], *pod["containers"])]


@OURS
def test_the_charts_of_the_infrastructure_are_installed_in_order_and_flux_after_them(
    side: Side, runs: Mapping[str, Run]
) -> None:
    *helm, flux = _commands(_job(runs[side.name], side))
    charts = side.infrastructure.words.charts
    assert [each[:5] for each in helm] == [
        ["helm", "upgrade", "--install", chart.name, chart.chart] for chart in charts
    ]
    for words, chart in zip(helm, charts, strict=True):
        assert {f"--version={chart.version}", f"--namespace={chart.namespace}"} <= {*words}
    assert flux[:3] == ["flux", "install", "--namespace=flux-system"]


def test_values_of_charts_name_the_cluster_and_lie_in_json() -> None:
    values = {"cluster": {"name": "{cluster}"}, "args": ["--v=2", "{cluster}"], "on": True}
    chart = Chart(name="ccm", chart="oci://example.com/ccm", version="1.0.0", values=values)
    words = APPS.infrastructure.words.model_copy(update={"charts": (chart,)})
    (helm, _) = _commands(_installed(APPS._replace(infrastructure=APPS.infrastructure._replace(words=words))))
    given = dict(word.removeprefix("--set-json=").split("=", 1) for word in helm if word.startswith("--set-json="))
    assert {key: json.loads(text) for key, text in given.items()} == {
        "cluster": {"name": APPS.name},
        "args": ["--v=2", APPS.name],
        "on": True,
    }
    assert not [word for word in helm if word.startswith("--repo=")]


def _installed(side: Side) -> dict[str, Any]:
    return dict(_installer(side.name, side.infrastructure.words.charts)[-1])


def test_another_chart_is_another_job_and_the_same_charts_are_the_same_job() -> None:
    words = CHARTED.infrastructure.words
    other = words.model_copy(update={"charts": words.charts[:1]})
    changed_side = CHARTED._replace(infrastructure=CHARTED.infrastructure._replace(words=other))
    names = [_installed(side)["metadata"]["name"] for side in (CHARTED, CHARTED, changed_side)]
    assert (names[0] == names[1], names[0] == names[2]) == (True, False)


def test_the_installer_runs_before_there_is_a_network_and_may_do_what_it_does(runs: Mapping[str, Run]) -> None:
    found = _named(carried(runs[CHARTED.name], CHARTED, "install"))
    pod = _job(runs[CHARTED.name], CHARTED)["spec"]["template"]["spec"]
    assert (pod["hostNetwork"], pod["tolerations"]) == (True, [{"operator": "Exists"}])
    binding = found["ClusterRoleBinding/bootstrap"]
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "bootstrap", "namespace": "kube-system"}]
    assert (pod["serviceAccountName"], "ServiceAccount/bootstrap" in found) == ("bootstrap", True)


def test_its_images_are_named_by_digest(runs: Mapping[str, Run]) -> None:
    pod = _job(runs[CHARTED.name], CHARTED)["spec"]["template"]["spec"]
    images = {each["image"] for each in (*pod["initContainers"], *pod["containers"])}
    assert [image for image in images if "@sha256:" not in image] == []
