"""What is seen of clusters, and what is said where they cannot be seen."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from constructs_lib.parts.names import SLOT_LABEL
from desired.core.errors import Problem, Refused, Unreachable
from desired.outside.cluster_observer import ClusterObserver
from desired.publish.applied import PublishedCommits
from testbed.api import Ref
from testbed.flux import NAMESPACE
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.following import KUSTOMIZATION, now
from tests.e2e.operations.conftest import ENVIRONMENT, Team, kubeconfig

_LOOK_SECONDS = 1.0
_CLOSED = "https://10.255.1.9:1"


@pytest.fixture
def quiet(team: Team) -> Team:
    """The team when nothing moves."""
    team.settle()
    return team


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a server that takes connections, and never answers."""
    with socket.create_server(("10.255.1.9", 6443)) as server:
        yield f"https://10.255.1.9:{server.getsockname()[1]}"


def test_every_slot_is_seen_with_the_number_of_its_ready_pods(quiet: Team, record: Record) -> None:
    def as_the_cluster_says() -> bool | str:
        wanted = dict.fromkeys(_slots(quiet), 0)
        for pod in quiet.apps.api.list("v1", "Pod", labels=SLOT_LABEL):
            labels = pod["metadata"]["labels"]
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
            wanted[f"{labels['app.kubernetes.io/name']}-{labels[SLOT_LABEL]}"] += ready
        seen = quiet.observed().ready
        return (seen == wanted and min(wanted.values()) > 0) or f"{seen} for {wanted}"

    assert set(_slots(quiet)) > set(_services(quiet)), "some have no route, and so no Service of a slot"
    until(as_the_cluster_says, "all slots are ready, and seen so", pause=0.3)
    began = now()
    quiet.observed()
    record.measure("Operations", "a look at both clusters of an environment", now() - began, "s", _LOOK_SECONDS)


def test_a_slot_without_pods_is_seen_with_none(quiet: Team) -> None:
    deployment = Ref("apps/v1", "Deployment", "llm-blue", "shop")
    before = quiet.apps.deployment("llm-blue")["spec"]["replicas"]
    quiet.apps.api.merge(deployment, {"spec": {"replicas": 0}})
    try:
        until(lambda: (quiet.observed().ready or {}).get("llm-blue") == 0, "none is seen")
    finally:
        quiet.apps.api.merge(deployment, {"spec": {"replicas": before}})


def test_the_commit_and_the_platform_are_those_of_live(quiet: Team) -> None:
    live = quiet.publisher.branches.live
    assert live
    observed = quiet.observed()
    assert observed.applied == live
    assert observed.healthy_platform == quiet.publisher.sources.platform_digest(live)


def test_the_platform_moves_only_where_ops_is_healthy_with_it(quiet: Team) -> None:
    live = quiet.publisher.branches.live
    assert quiet.do("platform", tag="v1", commit=live, dry_run=True).status == "planned"
    broken = Ref(KUSTOMIZATION, "Kustomization", "platform-limits", NAMESPACE)
    path = (quiet.ops.api.get(broken) or {})["spec"]["path"]
    quiet.ops.api.merge(broken, {"spec": {"path": "./nowhere"}})
    try:
        until(lambda: quiet.observed().healthy_platform == "", "ops is not healthy")
        with pytest.raises(Refused, match=f"Cannot check that {ENVIRONMENT}-ops is healthy with this platform"):
            quiet.do("platform", tag="v1", commit=live, dry_run=True)
    finally:
        quiet.ops.api.merge(broken, {"spec": {"path": path}})
    until(lambda: quiet.observed().healthy_platform != "", "ops is healthy again")


def test_a_cluster_that_is_away_is_named(quiet: Team, tmp_path: Path) -> None:
    away = quiet.looking_with(kubeconfig(tmp_path / "away", quiet.apps.cluster, server=_CLOSED))
    with pytest.raises(Unreachable, match=f"Cannot connect to {ENVIRONMENT}-apps: .* refused"):
        away.observe(ENVIRONMENT)


def test_a_cluster_that_never_answers_is_waited_for_no_longer_than_said(quiet: Team, tmp_path: Path, deaf: str) -> None:
    file, began = kubeconfig(tmp_path / "deaf", quiet.apps.cluster, server=deaf), now()
    with pytest.raises(Unreachable, match=r"did not answer within 0\.5 s"):
        ClusterObserver(file, _published(quiet), timeout=0.5).observe(ENVIRONMENT)
    assert now() - began < 4


def test_an_ops_cluster_that_is_away_is_said_and_hides_nothing_else(quiet: Team, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "half", quiet.apps.cluster, quiet.ops.cluster)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["clusters"][1]["cluster"]["server"] = _CLOSED
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    said: list[str] = []
    seen = ClusterObserver(file, _published(quiet), say=said.append).observe(ENVIRONMENT)
    assert seen
    assert seen.ready == quiet.observed().ready
    assert seen.healthy_platform == ""
    assert [f"Cannot connect to {ENVIRONMENT}-ops" in sentence for sentence in said] == [True]


def test_who_may_not_look_is_told_so(quiet: Team, tmp_path: Path) -> None:
    stranger = kubeconfig(tmp_path / "stranger", quiet.apps.cluster, token="nobody's")
    with pytest.raises(Problem, match=f"Cannot list the kustomizations of {ENVIRONMENT}-apps: .*Log in to the cluster"):
        quiet.looking_with(stranger).observe(ENVIRONMENT)
    file = kubeconfig(tmp_path / "guest", quiet.apps.cluster)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["users"][0]["user"]["as"] = "guest"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(Problem, match=r"Forbidden.*\. Ask for permission to list them"):
        quiet.looking_with(file).observe(ENVIRONMENT)


def test_a_kubeconfig_may_name_a_program_that_logs_in(quiet: Team, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "exec", quiet.apps.cluster, quiet.ops.cluster)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    version = "client.authentication.k8s.io/v1"
    for each in content["users"]:
        answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": each["user"].pop("token")}}
        program = tmp_path / "log-in"
        program.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        each["user"]["exec"] = {"apiVersion": version, "command": str(program), "interactiveMode": "Never"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert quiet.looking_with(file).observe(ENVIRONMENT) == quiet.observed()


def _slots(team: Team) -> list[str]:
    return [each["metadata"]["name"] for each in team.apps.api.list("apps/v1", "Deployment", labels=SLOT_LABEL)]


def _services(team: Team) -> list[str]:
    return [each["metadata"]["name"] for each in team.apps.api.list("v1", "Service", labels=SLOT_LABEL)]


def _published(team: Team) -> PublishedCommits:
    return PublishedCommits(team.publisher.branches, team.publisher.sources)
