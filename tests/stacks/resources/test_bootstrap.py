"""What a new cluster begins with, so that it follows its folder without a hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from constructs_lib import Git
from stacks.resources.bootstrap import _installer
from stacks.resources.cluster_spec import ROOT, ClusterSpec
from stacks.resources.infrastructure import Chart
from tests.stacks.parts import APPS, CLUSTER, OURS
from tests.support.recording import Run
from tests.support.stacks import SECRETS, changed, first, run

SETS = "addons.cluster.x-k8s.io/v1beta2:ClusterResourceSet"
CHARTED = first("apps", lambda cluster_spec: cluster_spec.infrastructure.config.charts)


def carried(made: Run, cluster_spec: ClusterSpec, step: str) -> list[dict[str, Any]]:
    """The objects that a step brings into the cluster."""
    secret = made.one("core/v1:Secret", f"{cluster_spec.name}/bootstrap-{step}").item
    assert secret["type"] == "addons.cluster.x-k8s.io/resource-set"
    return list(yaml.safe_load_all(secret["stringData"]["objects.yaml"]))


def _named(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in objects}


@OURS
def test_each_step_has_a_resource_set_for_this_cluster(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    labels = runs[cluster_spec.name].one(CLUSTER).item["metadata"]["labels"]
    strategies = {}
    for each in runs[cluster_spec.name].of(SETS):
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
def test_a_cluster_starts_with_the_sync_objects_in_its_manifests(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    sync = carried(runs[cluster_spec.name], cluster_spec, "sync")
    folder = ROOT / "manifests" / cluster_spec.name / "platform" / "gitops"
    in_git = [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))]
    assert [each for each in sync if each not in in_git] == []
    assert set(_named(sync)) == {"GitRepository/fleet", "Kustomization/platform-gitops"}
    assert (
        _named(sync)["Kustomization/platform-gitops"]["spec"]["path"]
        == f"./manifests/{cluster_spec.name}/platform/gitops"
    )


@OURS
def test_a_cluster_starts_with_all_secrets_of_flux(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    environment = cluster_spec.environment
    found = _named(carried(runs[cluster_spec.name], cluster_spec, "credentials"))
    expected = {
        "Secret/fleet-credentials": {"username": "fleet", "password": SECRETS["gitPassword"]},
        "Secret/receiver-token": {"token": SECRETS["receiverToken"]},
        f"Secret/{environment.alert_address}": {"address": SECRETS["alertAddress"]},
    }
    assert {name: found[name]["stringData"] for name in expected} == expected
    assert found[f"Secret/{environment.git.signers}"]["stringData"].keys() == {"publisher.sshpub"}
    assert {each["metadata"].get("namespace") for each in found.values()} == {"flux-system", None}
    assert next(iter(found)) == "Namespace/flux-system"


def test_the_environment_names_the_secrets_of_flux() -> None:
    git = APPS.environment.git.model_copy(update={"signers": "others"})
    environments = changed(APPS, git=git, alert_address="pager")
    made = run(APPS.name, environments=environments)
    names = set(_named(carried(made, APPS, "credentials")))
    assert {"Secret/others", "Secret/pager"} <= names


def test_an_environment_that_accepts_unsigned_commits_needs_no_signers() -> None:
    git = Git(url=APPS.environment.git.url)
    made = run(APPS.name, environments=changed(APPS, git=git), config={"signers": None})
    assert len(carried(made, APPS, "credentials")) == 4


def _job(made: Run, cluster_spec: ClusterSpec) -> dict[str, Any]:
    (job,) = [each for each in carried(made, cluster_spec, "install") if each["kind"] == "Job"]
    return job


def _commands(job: dict[str, Any]) -> list[list[str]]:
    pod = job["spec"]["template"]["spec"]
    return [each["command"] for each in (*pod["initContainers"], *pod["containers"])]


@OURS
def test_the_installer_runs_the_charts_in_order_and_then_flux(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    *helm, flux = _commands(_job(runs[cluster_spec.name], cluster_spec))
    charts = cluster_spec.infrastructure.config.charts
    assert [each[:5] for each in helm] == [
        ["helm", "upgrade", "--install", chart.name, chart.chart] for chart in charts
    ]
    for words, chart in zip(helm, charts, strict=True):
        assert {f"--version={chart.version}", f"--namespace={chart.namespace}"} <= {*words}
    assert flux[:3] == ["flux", "install", "--namespace=flux-system"]


def test_chart_values_are_json_and_may_name_the_cluster() -> None:
    values = {"cluster": {"name": "{cluster}"}, "args": ["--v=2", "{cluster}"], "on": True}
    chart = Chart(name="ccm", chart="oci://example.com/ccm", version="1.0.0", values=values)
    words = APPS.infrastructure.config.model_copy(update={"charts": (chart,)})
    (helm, _) = _commands(_installed(APPS._replace(infrastructure=APPS.infrastructure._replace(config=words))))
    given = dict(word.removeprefix("--set-json=").split("=", 1) for word in helm if word.startswith("--set-json="))
    assert {key: json.loads(text) for key, text in given.items()} == {
        "cluster": {"name": APPS.name},
        "args": ["--v=2", APPS.name],
        "on": True,
    }
    assert not [word for word in helm if word.startswith("--repo=")]


def _installed(cluster_spec: ClusterSpec) -> dict[str, Any]:
    return dict(_installer(cluster_spec.name, cluster_spec.infrastructure.config.charts)[-1])


def test_changed_charts_make_a_new_job() -> None:
    words = CHARTED.infrastructure.config
    other = words.model_copy(update={"charts": words.charts[:1]})
    changed_spec = CHARTED._replace(infrastructure=CHARTED.infrastructure._replace(config=other))
    names = [_installed(cluster_spec)["metadata"]["name"] for cluster_spec in (CHARTED, CHARTED, changed_spec)]
    assert (names[0] == names[1], names[0] == names[2]) == (True, False)


def test_the_installer_runs_without_a_pod_network_and_as_cluster_admin(runs: Mapping[str, Run]) -> None:
    found = _named(carried(runs[CHARTED.name], CHARTED, "install"))
    pod = _job(runs[CHARTED.name], CHARTED)["spec"]["template"]["spec"]
    assert (pod["hostNetwork"], pod["tolerations"]) == (True, [{"operator": "Exists"}])
    binding = found["ClusterRoleBinding/bootstrap"]
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "bootstrap", "namespace": "kube-system"}]
    assert (pod["serviceAccountName"], "ServiceAccount/bootstrap" in found) == ("bootstrap", True)


def test_the_installers_images_are_named_by_digest(runs: Mapping[str, Run]) -> None:
    pod = _job(runs[CHARTED.name], CHARTED)["spec"]["template"]["spec"]
    images = {each["image"] for each in (*pod["initContainers"], *pod["containers"])}
    assert [image for image in images if "@sha256:" not in image] == []
