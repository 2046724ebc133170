"""What the stacks register, on real API servers with the real definitions."""

import itertools
import os
import subprocess

import pytest

from stacks.settings import MANAGEMENT
from testbed.api import Object, Ref, Refused
from testbed.pulumi import Failed
from tests.e2e.pairs.ground import CLUSTER_API, SECRETS, Ground, database, environments, warnings


@pytest.mark.parametrize("environment", environments())
def test_both_clusters_of_a_pair_and_their_databases_are_accepted_and_a_second_time_changes_nothing(
    ground: Ground, environment: str
) -> None:
    assert warnings(ground.up(environment)) == []
    for role in ("ops", "apps"):
        name = f"{environment}-{role}"
        again = ground.stack(name).up(refresh=True)
        assert (again.changes, again.messages) == ((), ())
        cluster = ground.api.get(Ref(CLUSTER_API, "Cluster", name, name))
        assert cluster is not None
        assert cluster["metadata"]["generation"] == 1
        assert database(ground.standing[name])["metadata"]["generation"] == 1


def _protected() -> str:
    return next(name for name in reversed(environments()))


def test_what_is_protected_survives_and_goes_in_two_steps(ground: Ground) -> None:
    name = f"{_protected()}-ops"
    ground.stack(name).up()
    ground.answers(name)
    ground.stack(name).up()
    before = database(ground.standing[name])["metadata"]["uid"]
    with pytest.raises(Failed, match="because it is protected"):
        ground.stack(name).destroy()
    for at_once in ({}, {"unprotected": ["database"]}):
        with pytest.raises(Failed, match=f"the database of {name} is protected, and another desired:restore"):
            ground.stack(name, {"restore": _RESTORE, **at_once}).up()
    assert database(ground.standing[name])["metadata"]["uid"] == before
    assert ground.api.get(Ref(CLUSTER_API, "Cluster", name, name)) is not None
    with pytest.raises(Refused, match="this cluster is protected"):
        ground.api.delete(Ref(CLUSTER_API, "Cluster", name, name))

    freed = ground.stack(name, {"unprotected": ["cluster", "database"]})
    freed.up()
    freed.destroy()
    assert ground.api.get(Ref(CLUSTER_API, "Cluster", name, name)) is None


_RESTORE = {"source": "postgres", "archive": "postgres-2", "time": "2026-11-20T08:30:00Z"}


def test_a_database_is_restored_to_a_point_in_time_under_the_name_that_services_know(ground: Ground) -> None:
    name = f"{_protected()}-ops"
    ground.stack(name).up()
    ground.answers(name)
    ground.stack(name, {"unprotected": ["database"]}).up()
    before = database(ground.standing[name])
    told = {"unprotected": ["database"], "restore": _RESTORE}
    done = ground.stack(name, told).up()
    after = database(ground.standing[name])
    assert [step.action for step in done.changes if step.name == "databases/postgres"] == ["replace"]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-11-20T08:30:00+00:00"}
    assert after["spec"]["externalClusters"][0]["plugin"]["parameters"]["serverName"] == "postgres"
    assert after["spec"]["plugins"][0]["parameters"]["serverName"] == "postgres-2"
    protected_again = ground.stack(name, {"restore": _RESTORE})
    protected_again.up()
    assert database(ground.standing[name])["metadata"]["uid"] == after["metadata"]["uid"]


def test_what_somebody_changed_by_hand_is_found_and_mended(ground: Ground) -> None:
    name = f"{environments()[0]}-ops"
    ground.stack(name).up()
    ground.answers(name)
    ground.stack(name).up()
    cluster = Ref(CLUSTER_API, "Cluster", name, name)
    ground.api.merge(cluster, {"spec": {"topology": {"version": "v1.30.0"}}})
    ground.api.delete(Ref("addons.cluster.x-k8s.io/v1beta2", "ClusterResourceSet", "bootstrap-sync", name))
    found = {step.name: step.changed for step in ground.stack(name).refresh().steps if step.action == "refresh"}
    assert found == {f"{name}/{name}": ("spec.topology.version",), f"{name}/bootstrap-sync": ("deleted",)}
    ground.stack(name).up()
    mended = ground.api.get(cluster)
    assert mended is not None
    assert mended["spec"]["topology"]["version"] != "v1.30.0"
    assert not ground.stack(name).up(refresh=True).changes


@pytest.mark.parametrize("answers", [False, True], ids=["of the cluster", "of its database"])
def test_a_failure_at_every_write_leaves_a_state_from_which_the_next_run_converges(
    ground: Ground, answers: bool
) -> None:
    name = f"{environments()[0]}-ops"
    for write in itertools.count(1):
        if answers:
            ground.stack(name).up(skip_preview=True)
            ground.answers(name)
        try:
            ground.stack(name, fail_after=write).up(skip_preview=True)
            break
        except Failed as failed:
            assert f"write {write} is refused" in str(failed)  # noqa: PT017 - the last write is followed by none
        ground.stack(name).up(skip_preview=True)
        assert not ground.stack(name).preview(refresh=True).changes
        ground.destroy(name)
    assert write > (2 if answers else 10)


def test_a_database_stays_when_its_cluster_cannot_be_reached(ground: Ground) -> None:
    name = f"{environments()[0]}-ops"
    ground.stack(name).up()
    ground.answers(name)
    ground.stack(name).up()
    standing = ground.standing.pop(name)
    ground.api.apply(_kubeconfig_of_nobody(name))
    with pytest.raises(Failed, match=f"{name} cannot be read .* nothing was changed"):
        ground.stack(name).up()
    ground.standing[name] = standing
    assert not ground.stack(name).up().changes


def _kubeconfig_of_nobody(name: str) -> Object:
    content = (
        "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
        "clusters: [{name: it, cluster: {server: 'https://10.255.0.1:1'}}]\n"
        "contexts: [{name: it, context: {cluster: it, user: it}}]\nusers: [{name: it, user: {}}]\n"
    )
    meta = {"name": f"{name}-kubeconfig", "namespace": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"value": content}}


def test_secrets_are_in_no_state_in_plain(ground: Ground) -> None:
    name = f"{environments()[0]}-ops"
    ground.stack(name).up()
    texts = [file.read_text(errors="replace") for file in ground.states.rglob("*") if file.is_file()]
    assert texts
    for secret in (*SECRETS.values(), "token: desired-admin"):
        assert not any(secret in text for text in texts), secret


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
def test_each_environment_says_who_may_do_what(
    ground: Ground, group: str, verb: str, what: str, environment: int, allowed: str
) -> None:
    words = ["kubectl", "auth", "can-i", verb, what, "-n", f"{environments()[environment]}-apps"]
    done = subprocess.run(
        [*words, "--as=somebody", f"--as-group={group}"],
        env={**os.environ, "KUBECONFIG": str(ground.management.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == allowed, done.stderr


def test_a_namespace_takes_one_cluster_with_an_owner(ground: Ground) -> None:
    name = f"{environments()[0]}-ops"
    meta = {"name": "another", "namespace": name}
    cluster = {"apiVersion": CLUSTER_API, "kind": "Cluster", "metadata": meta, "spec": {"paused": True}}
    with pytest.raises(Refused, match="must say who owns it"):
        ground.api.apply(cluster)
    ground.stack(name).up()
    owned = {**cluster, "metadata": {**meta, "labels": {"desired.dev/owner": "somebody"}}}
    with pytest.raises(Refused, match="exceeded quota: one-cluster"):
        ground.api.apply(owned)


def test_the_management_stack_changes_nothing_a_second_time(ground: Ground) -> None:
    assert not ground.stack(MANAGEMENT).up(refresh=True).changes
