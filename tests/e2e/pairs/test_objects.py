"""What the stacks register is accepted by real API servers with the real definitions."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stacks.resources.settings import MANAGEMENT
from testbed.api import Api, ApiError, Object, Ref
from testbed.bed import Bed, define
from testbed.process import until
from testbed.programs.crds import PROVIDERS
from testbed.pulumi.monitor import RunFailed
from tests.e2e.pairs.accepting import (
    CLUSTER_API,
    PAIRS,
    POSTGRES,
    SECRETS,
    Stacks,
    add_database_namespace,
    changes,
    kubectl_on_path,
    reconcile_classes,
)

FIRST, PROTECTED = f"{PAIRS[0]}-ops", f"{PAIRS[-1]}-ops"


@pytest.fixture(scope="module")
def stacks(bed: Bed) -> Iterator[Stacks]:
    """The management stack is up; no pair is."""
    kubectl_on_path()
    with ExitStack() as running:
        management = running.enter_context(bed.cluster("management", kwok=False))
        define(management.api, PROVIDERS)
        standing = {role: running.enter_context(bed.cluster(role, kwok=False)) for role in ("ops", "apps")}
        for cluster in standing.values():
            add_database_namespace(cluster)
        end = threading.Event()
        running.callback(end.set)
        threading.Thread(target=reconcile_classes, args=(management.api, end), daemon=True).start()
        made = Stacks(management, standing)
        assert made.up(MANAGEMENT).warnings == []
        yield made


@pytest.mark.parametrize("environment", PAIRS)
def test_all_objects_of_a_pair_are_accepted_and_a_second_up_changes_nothing(stacks: Stacks, environment: str) -> None:
    pair = [f"{environment}-{role}" for role in ("ops", "apps")]
    for stack in pair:
        stacks.empty(stack)
        stacks.up_with_database(stack)
    for stack in pair:
        again = stacks.up(stack)
        assert (changes(again), again.warnings) == ([], [])
        assert not any(secret in str(again.steps) for secret in SECRETS.values())
        for api, ref in ((stacks.api, Ref(CLUSTER_API, "Cluster", stack, stack)), (stacks.standing(stack), POSTGRES)):
            assert _got(api, ref)["metadata"]["generation"] == 1


def test_the_management_stack_changes_nothing_a_second_time(stacks: Stacks) -> None:
    assert changes(stacks.up(MANAGEMENT)) == []


def test_a_plan_shows_manual_changes_and_up_takes_them_back(stacks: Stacks) -> None:
    stacks.up_with_database(FIRST)
    cluster = Ref(CLUSTER_API, "Cluster", FIRST, FIRST)
    version = _got(stacks.api, cluster)["spec"]["topology"]["version"]
    stacks.api.merge(cluster, {"spec": {"topology": {"version": "v1.30.0"}}})
    stacks.api.delete(Ref("addons.cluster.x-k8s.io/v1beta2", "ClusterResourceSet", "bootstrap-sync", FIRST))
    expected = {
        ("update", f"{FIRST}/{FIRST}", ("spec.topology.version",)),
        ("create", f"{FIRST}/bootstrap-sync", ()),
    }
    planned = stacks.up(FIRST, preview=True)
    assert {(step.action, step.name, step.changed) for step in changes(planned)} == expected
    assert _got(stacks.api, cluster)["spec"]["topology"]["version"] == "v1.30.0"
    done = stacks.up(FIRST)
    assert {(step.action, step.name, step.changed) for step in changes(done)} == expected
    assert _got(stacks.api, cluster)["spec"]["topology"]["version"] == version


def test_the_api_server_deletes_a_protected_cluster_only_after_it_was_unprotected(stacks: Stacks) -> None:
    stacks.up_with_database(PROTECTED)
    cluster = Ref(CLUSTER_API, "Cluster", PROTECTED, PROTECTED)
    with pytest.raises(ApiError, match="this cluster is protected"):
        stacks.api.delete(cluster)
    stacks.up(PROTECTED, unprotected=["cluster"])
    stacks.api.delete(cluster)
    assert stacks.api.get(cluster) is None
    # The quota counts what is gone a moment later; until then it refuses another cluster.
    quota = Ref("v1", "ResourceQuota", "one-cluster", PROTECTED)
    until(lambda: set(_got(stacks.api, quota)["status"]["used"].values()) == {"0"}, "the quota is free again", 120)


def test_a_protected_database_is_restored_only_after_it_was_unprotected(stacks: Stacks) -> None:
    stacks.empty(PROTECTED)
    stacks.up_with_database(PROTECTED)
    restore = {"source": "postgres", "archive": "postgres-2", "time": "2026-11-20T08:30:00Z"}
    with pytest.raises(RunFailed, match=f"the database of {PROTECTED} is protected, and another desired:restore"):
        stacks.up(PROTECTED, restore=restore, unprotected=["database"])
    stacks.up(PROTECTED, unprotected=["database"])
    # Pulumi deletes it before it replaces it.
    stacks.standing(PROTECTED).delete(POSTGRES)
    stacks.up(PROTECTED, restore=restore, unprotected=["database"])
    spec = _got(stacks.standing(PROTECTED), POSTGRES)["spec"]
    assert spec["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-11-20T08:30:00+00:00"}
    assert spec["externalClusters"][0]["plugin"]["parameters"]["serverName"] == "postgres"
    assert spec["plugins"][0]["parameters"]["serverName"] == "postgres-2"


def test_nothing_changes_while_a_cluster_with_a_database_cannot_be_reached(stacks: Stacks) -> None:
    stacks.up_with_database(FIRST)
    stacks.api.apply(_kubeconfig_to_nowhere(FIRST))
    with pytest.raises(RunFailed, match=rf"cannot read {FIRST} \(.*\); nothing was changed"):
        stacks.up(FIRST, reached=False)
    assert changes(stacks.up(FIRST)) == []


@pytest.mark.parametrize(
    ("group", "verb", "what", "environment", "allowed"),
    [
        ("developers", "get", "clusters.cluster.x-k8s.io", 0, "yes"),
        ("developers", "delete", "machines.cluster.x-k8s.io", 0, "no"),
        ("developers", "get", "clusters.cluster.x-k8s.io", -1, "no"),
        ("on-call", "delete", "machines.cluster.x-k8s.io", 0, "yes"),
        ("on-call", "delete", "machines.cluster.x-k8s.io", -1, "no"),
        ("team-platform", "get", "secrets", -1, "no"),
    ],
)
def test_groups_have_the_rights_of_their_environment(
    stacks: Stacks, group: str, verb: str, what: str, environment: int, allowed: str
) -> None:
    words = ["kubectl", "auth", "can-i", verb, what, "-n", f"{PAIRS[environment]}-apps"]
    done = subprocess.run(
        [*words, "--as=somebody", f"--as-group={group}"],
        env={**os.environ, "KUBECONFIG": str(stacks.management.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == allowed, done.stderr


def test_a_namespace_takes_one_cluster_with_an_owner(stacks: Stacks) -> None:
    stacks.up(FIRST)
    meta = {"name": "another", "namespace": FIRST}
    cluster = {"apiVersion": CLUSTER_API, "kind": "Cluster", "metadata": meta, "spec": {"paused": True}}
    with pytest.raises(ApiError, match="a Cluster needs an owner"):
        stacks.api.apply(cluster)
    owned = {**cluster, "metadata": {**meta, "labels": {"desired.dev/owner": "somebody"}}}
    with pytest.raises(ApiError, match="exceeded quota: one-cluster"):
        stacks.api.apply(owned)


def _got(api: Api, ref: Ref) -> Object:
    found = api.get(ref)
    assert found is not None, ref
    return found


def _kubeconfig_to_nowhere(name: str) -> Object:
    content = (
        "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
        "clusters: [{name: it, cluster: {server: 'https://10.255.0.1:1'}}]\n"
        "contexts: [{name: it, context: {cluster: it, user: it}}]\nusers: [{name: it, user: {}}]\n"
    )
    meta = {"name": f"{name}-kubeconfig", "namespace": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"value": content}}
