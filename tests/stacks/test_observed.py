"""What the stacks see of clusters, and what they say when they see nothing; kubectl is a script."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.values import Problem
from stacks import observed
from stacks.observed import Management, initialized, missing, unhealthy
from tests.support.kubectl import cluster

SERVER = "https://management.example.com"
KUBECONFIG = f"apiVersion: v1\nclusters:\n- cluster:\n    server: {SERVER}\ntoken: planted\n"
OUT = Management(KUBECONFIG)
Kubectl = Callable[..., Path]
ALL = "v1\npostgresql.cnpg.io/v1\nmonitoring.coreos.com/v1\nbarmancloud.cnpg.io/v1"
REACHED_NOT = "nothing was changed, mend that and run this again"


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


def test_the_management_cluster_is_that_of_the_current_context(kubectl: Kubectl) -> None:
    folder = kubectl({"config view": KUBECONFIG, "get --raw": "{}"})
    assert Management.here() == OUT
    view, raw = (folder / "asked").read_text().splitlines()
    assert view == "config view --raw --minify --flatten"
    assert raw.endswith("get --raw /apis/cluster.x-k8s.io/v1beta2")


def test_without_a_kubeconfig_the_variable_is_named(kubectl: Kubectl) -> None:
    kubectl({}, "error: current-context must exist in order to minify")
    assert _refused(Management.here) == (
        "no management cluster is named (error: current-context must exist in order to minify); "
        "set KUBECONFIG to its kubeconfig"
    )


def test_a_cluster_without_cluster_api_is_no_management_cluster(kubectl: Kubectl) -> None:
    kubectl({"config view": KUBECONFIG}, "Error from server (NotFound): not found")
    assert _refused(Management.here) == (
        f"{SERVER} is no management cluster (Error from server (NotFound): not found); "
        "set KUBECONFIG to the one on which Cluster API 1.11 or newer runs"
    )


def test_without_kubectl_it_is_said_that_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _refused(Management.here) == "kubectl is not on PATH, and clusters are read with it; install it"


def test_a_kubeconfig_is_readable_for_nobody_else_and_gone_afterwards(kubectl: Kubectl) -> None:
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


def test_what_is_not_there_is_none_and_no_error(kubectl: Kubectl) -> None:
    folder = kubectl({})
    assert OUT.cluster("here-ops") is None
    assert OUT.kubeconfig_of("here-ops") is None
    assert OUT.has_namespace("here-ops") is False
    asked = (folder / "asked").read_text().splitlines()
    assert [line for line in asked if "--ignore-not-found" not in line] == []


def test_what_is_there_is_found(kubectl: Kubectl) -> None:
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
def test_a_management_cluster_that_does_not_answer_is_not_taken_for_empty(
    kubectl: Kubectl, ask: Callable[[], object]
) -> None:
    kubectl({}, "Unable to connect to the server: EOF")
    assert _refused(ask) == f"{SERVER} cannot be read (Unable to connect to the server: EOF); {REACHED_NOT}"


def test_a_cluster_that_hangs_is_not_waited_for_for_ever(kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kubectl({})
    (folder / "bin" / "kubectl").write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(observed, "_SECONDS", 0.1)
    said = _refused(lambda: OUT.has_namespace("here-ops"))
    assert said.startswith(f"{SERVER} cannot be read (kubectl did not answer in 0.3")


def test_a_request_has_a_time_limit_of_its_own(kubectl: Kubectl) -> None:
    folder = kubectl({})
    OUT.has_namespace("here-ops")
    assert "--request-timeout=20s" in (folder / "asked").read_text()


def test_a_cluster_with_all_that_its_database_needs_lacks_nothing(kubectl: Kubectl) -> None:
    kubectl({"api-versions": ALL, "get namespace databases": "namespace/databases\n"})
    assert missing(KUBECONFIG, "here-apps", True) is None


@pytest.mark.parametrize("lacking", ["api-versions", "get namespace"])
def test_a_cluster_that_does_not_answer_is_not_taken_for_a_new_one(kubectl: Kubectl, lacking: str) -> None:
    answers = {"api-versions": ALL, "get namespace": "namespace/databases\n"}
    del answers[lacking]
    kubectl(answers, "Error from server (Forbidden)")
    said = _refused(lambda: missing(KUBECONFIG, "here-apps", True))
    assert said == f"here-apps cannot be read (Error from server (Forbidden)); {REACHED_NOT}"


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


def test_a_cluster_that_is_what_its_topology_says_is_healthy() -> None:
    assert unhealthy(cluster(), "here-ops") is None


def test_a_long_message_is_cut_and_stands_on_one_line() -> None:
    conditions = [{"type": "TopologyReconciled", "status": "False", "message": "word\n" * 200}]
    said = unhealthy(cluster(conditions=conditions), "here-ops") or ""
    assert (len(said) < 400, "\n" in said) == (True, False)
