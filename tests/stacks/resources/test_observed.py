"""What the stacks see of clusters, and what they say when they see nothing; kubectl is a script."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.values import Problem
from stacks.resources import observed
from stacks.resources.observed import ManagementCluster, initialized, missing, unhealthy
from tests.support.kubectl import cluster

SERVER = "https://management.example.com"
KUBECONFIG = f"apiVersion: v1\nclusters:\n- cluster:\n    server: {SERVER}\ntoken: planted\n"
OUT = ManagementCluster(KUBECONFIG)
Kubectl = Callable[..., Path]
ALL = "v1\npostgresql.cnpg.io/v1\nmonitoring.coreos.com/v1\nbarmancloud.cnpg.io/v1"
REACHED_NOT = "nothing was changed: fix it and run this again"


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """Puts a kubectl on PATH that answers by the words in its arguments; what it is asked and shown is written down."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def answering(answers: dict[str, str], error: str = "", code: int = 1) -> Path:
        cases = []
        for number, (words, answer) in enumerate(answers.items()):
            (tmp_path / f"answer-{number}").write_text(answer, encoding="utf-8")
            cases.append(f'*"{words}"*) cat {tmp_path}/answer-{number}; exit 0 ;;')
        lines = [
            "#!/bin/sh",
            f'echo "$*" >> {tmp_path}/asked',
            'file="${1#--kubeconfig=}"',
            f'if [ -f "$file" ]; then cat "$file" > {tmp_path}/shown; stat -c %a "$file" > {tmp_path}/mode; fi',
            'case "$*" in',
            *cases,
            "esac",
            f"echo 'warning: something else' >&2; echo '{error}' >&2; exit {code if error else 0}",
        ]
        script = folder / "kubectl"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        script.chmod(0o755)
        return tmp_path

    return answering


def _refused(ask: Callable[[], object]) -> str:
    with pytest.raises(Problem) as refused:
        ask()
    return str(refused.value)


def test_the_management_cluster_is_the_current_context_of_kubectl(kubectl: Kubectl) -> None:
    folder = kubectl({"config view": KUBECONFIG, "get --raw": "{}"})
    assert ManagementCluster.here() == OUT
    view, raw = (folder / "asked").read_text().splitlines()
    assert view == "config view --raw --minify --flatten"
    assert raw.endswith("get --raw /apis/cluster.x-k8s.io/v1beta2")


def test_a_missing_kubeconfig_is_refused_with_the_variable_to_set(kubectl: Kubectl) -> None:
    kubectl({}, "error: current-context must exist in order to minify")
    assert _refused(ManagementCluster.here) == (
        "kubectl has no management cluster (error: current-context must exist in order to minify); "
        "set KUBECONFIG to its kubeconfig"
    )


def test_a_cluster_without_cluster_api_is_refused_as_management_cluster(kubectl: Kubectl) -> None:
    kubectl({"config view": KUBECONFIG}, "Error from server (NotFound): not found")
    assert _refused(ManagementCluster.here) == (
        f"{SERVER} is not a management cluster (Error from server (NotFound): not found); "
        "set KUBECONFIG to a cluster on which Cluster API 1.11 or newer runs"
    )


def test_a_missing_kubectl_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _refused(ManagementCluster.here) == "Cannot find the command `kubectl`, which reads clusters. Install it"


def test_a_kubeconfig_file_is_private_and_removed_afterwards(kubectl: Kubectl) -> None:
    folder = kubectl({"api-versions": ALL, "get namespace": "namespace/databases"})
    missing(KUBECONFIG, "here-apps", True)
    assert (folder / "shown").read_text() == KUBECONFIG
    assert (folder / "mode").read_text() == "600\n"
    file = (folder / "asked").read_text().split()[0].removeprefix("--kubeconfig=")
    assert not os.path.exists(file)
    assert "planted" not in (folder / "asked").read_text()


def test_a_cluster_is_read_in_the_version_that_is_written(kubectl: Kubectl) -> None:
    folder = kubectl({"get clusters": json.dumps(cluster("0123"))})
    assert OUT.cluster("here-ops") == cluster("0123")
    asked = (folder / "asked").read_text()
    assert "get clusters.v1beta2.cluster.x-k8s.io here-ops -n here-ops --ignore-not-found" in asked


def test_missing_objects_are_none_and_not_an_error(kubectl: Kubectl) -> None:
    folder = kubectl({})
    assert OUT.cluster("here-ops") is None
    assert OUT.kubeconfig_of("here-ops") is None
    assert OUT.has_namespace("here-ops") is False
    asked = (folder / "asked").read_text().splitlines()
    assert [line for line in asked if "--ignore-not-found" not in line] == []


def test_existing_objects_are_found(kubectl: Kubectl) -> None:
    kubectl({"get namespace here-ops": "namespace/here-ops\n", "get secret here-ops-kubeconfig -n here-ops": "kc"})
    assert OUT.has_namespace("here-ops") is True
    assert OUT.kubeconfig_of("here-ops") == "kc"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: OUT.cluster("here-ops"),
        lambda: OUT.kubeconfig_of("here-ops"),
        lambda: OUT.has_namespace("here-ops"),
    ],
)
def test_an_unreachable_management_cluster_is_not_treated_as_empty(kubectl: Kubectl, ask: Callable[[], object]) -> None:
    kubectl({}, "Unable to connect to the server: EOF")
    assert _refused(ask) == f"cannot read {SERVER} (Unable to connect to the server: EOF); {REACHED_NOT}"


def test_a_hanging_kubectl_is_ended(kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kubectl({})
    (folder / "bin" / "kubectl").write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(observed, "_SECONDS", 0.1)
    said = _refused(lambda: OUT.has_namespace("here-ops"))
    assert said.startswith(f"cannot read {SERVER} (no answer within 0.3")


def test_every_request_has_a_time_limit(kubectl: Kubectl) -> None:
    folder = kubectl({})
    OUT.has_namespace("here-ops")
    assert "--request-timeout=20s" in (folder / "asked").read_text()


def test_a_complete_cluster_lacks_nothing_for_its_database(kubectl: Kubectl) -> None:
    kubectl({"api-versions": ALL, "get namespace databases": "namespace/databases\n"})
    assert missing(KUBECONFIG, "here-apps", True) is None


@pytest.mark.parametrize("lacking", ["api-versions", "get namespace"])
def test_an_unreachable_cluster_is_not_treated_as_a_new_one(kubectl: Kubectl, lacking: str) -> None:
    answers = {"api-versions": ALL, "get namespace": "namespace/databases\n"}
    del answers[lacking]
    kubectl(answers, "Error from server (Forbidden)")
    said = _refused(lambda: missing(KUBECONFIG, "here-apps", True))
    assert said == f"cannot read here-apps (Error from server (Forbidden)); {REACHED_NOT}"


@pytest.mark.parametrize(
    ("found", "is_so"),
    [
        (None, False),
        ({"metadata": {}}, False),
        ({"status": {"initialization": {}}}, False),
        (cluster(), True),
        # It stays so, whatever becomes of it.
        (cluster(conditions=[]), True),
    ],
)
def test_a_control_plane_that_has_ever_answered_is_initialized(found: dict[str, object] | None, is_so: bool) -> None:
    assert initialized(found) is is_so


def test_a_cluster_that_does_not_exist_is_not_healthy() -> None:
    assert unhealthy(None, "here-ops") == "here-ops does not exist"


def test_a_cluster_that_matches_its_topology_is_healthy() -> None:
    assert unhealthy(cluster(), "here-ops") is None


def test_a_long_message_is_cut_to_one_line() -> None:
    conditions = [{"type": "TopologyReconciled", "status": "False", "message": "word\n" * 200}]
    said = unhealthy(cluster(conditions=conditions), "here-ops") or ""
    assert (len(said) < 400, "\n" in said) == (True, False)
