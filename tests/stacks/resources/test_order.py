"""Ops before apps, and a cluster before its database."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.resources.cluster_spec import DATABASE, ClusterSpec
from tests.stacks.parts import APPS, CLUSTER, OPS, POSTGRES, parts
from tests.support.kubectl import MANAGEMENT as MANAGEMENT_KUBECONFIG
from tests.support.kubectl import Kubectl, cluster, conditions
from tests.support.stacks import changed, first, run, up


def _said(reason: str) -> str:
    return f"{APPS.name} was not changed: {reason}; bring up {OPS} first (`pulumi up -s {OPS}`)"


def _other(**status: Any) -> dict[str, Any]:
    return cluster(APPS.inputs(), **status)


UNHEALTHY = [
    (_other(observedGeneration=2), f"Cluster API has not seen the last change of {OPS} yet"),
    (
        _other(conditions=conditions(TopologyReconciled={"observedGeneration": 2})),
        f"Cluster API has not seen the last change of {OPS} yet",
    ),
    (
        _other(conditions=conditions(Available={"status": "False", "message": "no\nmachine"})),
        f"{OPS} is not Available: no machine",
    ),
    (
        _other(conditions=conditions(RollingOut={"status": "True", "reason": "RollingOut"})),
        f"{OPS} is still changing: RollingOut",
    ),
    (
        _other(conditions=conditions(TopologyReconciled={"status": "Unknown"})),
        f"{OPS} is still changing: its condition TopologyReconciled is Unknown",
    ),
    ({**_other(), "status": {"conditions": conditions()}}, f"Cluster API has not seen the last change of {OPS} yet"),
    (_other(conditions=[]), f"{OPS} is still changing: its condition TopologyReconciled is missing"),
    (_other(conditions=conditions()[:2]), f"{OPS} is not Available: its condition Available is missing"),
]


@pytest.mark.parametrize(("ops", "reason"), UNHEALTHY)
def test_apps_is_refused_unless_ops_is_healthy(ops: dict[str, Any], reason: str) -> None:
    kubectl = up(APPS.name)
    kubectl.clusters[OPS] = ops
    made = run(APPS.name, kubectl)
    assert (made.refused, made.registered) == ((_said(reason),), [])


@pytest.mark.parametrize(
    ("outputs", "was"),
    [
        ({"inputs": "0123456789abcdef"}, "was made from other inputs (0123456789abcdef)"),
        ({}, "does not exist yet"),
    ],
)
def test_apps_is_refused_unless_ops_was_made_from_the_same_inputs(outputs: dict[str, str], was: str) -> None:
    # Its Cluster has them, but something after it failed: the stack's outputs are those of the run before.
    made = run(APPS.name, ops=outputs)
    assert (made.refused, made.registered) == ((_said(f"{OPS} {was}, and {APPS.name} needs {APPS.inputs()}"),), [])


def test_apps_is_refused_before_ops_was_ever_brought_up() -> None:
    kubectl = up(APPS.name)
    del kubectl.clusters[OPS]
    made = run(APPS.name, kubectl, ops=None, known=False)
    ((said,), registered) = made.refused, made.registered
    assert said.startswith(f"{APPS.name} was not changed: {OPS} ")
    assert registered == []


def test_apps_refuses_a_new_version_until_ops_has_it() -> None:
    newer = changed(APPS, pair__kubernetes="v1.37.0")
    before = {"inputs": APPS.inputs()}
    made = run(APPS.name, environments=newer, ops=before)
    assert made.refused[0].startswith(f"{APPS.name} was not changed: {OPS} was made from other inputs")
    after = run(APPS.name, environments=newer)
    assert after.one(CLUSTER).item["spec"]["topology"]["version"] == "v1.37.0"


@pytest.mark.parametrize(("ops", "reason"), UNHEALTHY[:1])
def test_a_preview_warns_and_shows_what_apps_would_be(ops: dict[str, Any], reason: str) -> None:
    kubectl = up(APPS.name)
    kubectl.clusters[OPS] = ops
    made = run(APPS.name, kubectl, preview=True)
    assert (made.refused, made.warnings) == ((), [_said(reason)])
    assert made.one(CLUSTER)


def test_a_preview_of_a_new_pair_shows_everything_but_its_database() -> None:
    made = run(APPS.name, Kubectl(), preview=True, known=False)
    assert made.refused == ()
    assert [each.split(":")[0].split(";")[0] for each in made.warnings] == [
        f"{APPS.name} was not changed",
        f"the management cluster has no namespace {APPS.name}",
        f"{APPS.name} does not answer yet, so its database was left out",
    ]
    expected = {part: names for part, names in parts(APPS).items() if part != "DatabaseCluster"}
    assert sorted(map(str, made.objects)) == sorted(name for names in expected.values() for name in names)


def test_a_cluster_without_its_namespace_is_refused() -> None:
    kubectl = up(OPS)
    kubectl.namespaces[MANAGEMENT_KUBECONFIG].clear()
    made = run(OPS, kubectl)
    said = f"the management cluster has no namespace {OPS}; bring up management first (`pulumi up -s management`)"
    assert (made.refused, made.registered) == ((said,), [])


def _without(kubectl: Kubectl, cluster_spec: ClusterSpec, what: str) -> None:
    kubeconfig = kubectl.kubeconfigs[cluster_spec.name]
    match what:
        case "control plane":
            kubectl.clusters[cluster_spec.name] = cluster(cluster_spec.inputs(), initialization={})
        case "cluster":
            del kubectl.clusters[cluster_spec.name]
        case "kubeconfig":
            del kubectl.kubeconfigs[cluster_spec.name]
        case "namespace":
            kubectl.namespaces[kubeconfig].clear()
        case _:
            kubectl.served[kubeconfig] = {each for each in kubectl.served[kubeconfig] if what not in each}


LACKING = [
    ("control plane", "does not answer yet"),
    ("kubeconfig", "has no kubeconfig yet"),
    ("cnpg.io", "does not have CloudNativePG and the Barman Cloud plugin yet"),
    ("monitoring", "does not have the Prometheus operator yet"),
    ("barman", "does not have the Barman Cloud plugin yet"),
    ("namespace", "does not have the namespace databases yet"),
]


@pytest.mark.parametrize(("what", "said"), [("cluster", "does not answer yet"), *LACKING])
def test_a_database_that_waits_does_not_stop_the_rest_of_the_stack(what: str, said: str) -> None:
    cluster_spec = first("ops", lambda each: each.environment.database.backups)
    kubectl = up(cluster_spec.name)
    _without(kubectl, cluster_spec, what)
    made = run(cluster_spec.name, kubectl)
    waiting = f"{cluster_spec.name} {said}"
    assert (made.refused, made.outputs["waiting"]) == ((), waiting)
    assert made.warnings == [f"{waiting}, so its database was left out; run this again later"]
    expected = {part: names for part, names in parts(cluster_spec).items() if part != "DatabaseCluster"}
    assert sorted(map(str, made.objects)) == sorted(name for names in expected.values() for name in names)
    assert "database" not in made.outputs
    assert DATABASE not in made.one(CLUSTER).item["metadata"]["annotations"]


@pytest.mark.parametrize(("what", "said"), LACKING)
def test_an_existing_database_is_never_left_out(what: str, said: str) -> None:
    # What the program does not name, Pulumi deletes.
    cluster_spec = first("ops", lambda each: each.environment.database.backups)
    kubectl = up(cluster_spec.name)
    _without(kubectl, cluster_spec, what)
    annotations = run(cluster_spec.name).one(CLUSTER).item["metadata"]["annotations"]
    kubectl.clusters[cluster_spec.name]["metadata"]["annotations"] = annotations
    made = run(cluster_spec.name, kubectl)
    again = "but it already has a database; nothing was changed: fix it and run this again"
    assert (made.refused, made.registered) == ((f"{cluster_spec.name} {said}, {again}",), [])


def test_the_barman_plugin_is_needed_for_backups_only() -> None:
    cluster_spec = first("ops", lambda each: each.environment.database.backups is None)
    kubectl = up(cluster_spec.name)
    _without(kubectl, cluster_spec, "barman")
    assert run(cluster_spec.name, kubectl).one(POSTGRES)


@pytest.mark.parametrize("which", ["the cluster", "the management cluster"])
def test_nothing_is_registered_while_a_cluster_cannot_be_reached(which: str) -> None:
    # Its database, which may exist, would be taken for gone.
    kubectl = up(OPS)
    kubectl.unreachable.add(kubectl.kubeconfigs[OPS] if which == "the cluster" else MANAGEMENT_KUBECONFIG)
    made = run(OPS, kubectl)
    assert "Unable to connect to the server: EOF" in made.refused[0]
    assert made.registered == []


def test_a_kubeconfig_setting_is_used_to_reach_the_cluster() -> None:
    kubectl = up(OPS)
    made_by_cluster_api = kubectl.kubeconfigs.pop(OPS)
    own = "server: https://tunnel.example.com"
    kubectl.served[own], kubectl.namespaces[own] = (
        each[made_by_cluster_api] for each in (kubectl.served, kubectl.namespaces)
    )
    made = run(OPS, kubectl, config={"kubeconfig": own})
    assert made.one("pulumi:providers:kubernetes", OPS).item["kubeconfig"] == own
    assert made.one(POSTGRES).provider == OPS
