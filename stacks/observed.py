"""The one file of the stacks that looks at clusters, with `kubectl`: what is there, and what is to be waited for.

What a cluster needs from its own API is registered as soon as that serves it, and ever after: Cluster API never takes
back that a control plane was initialized, and a cluster that cannot be reached ends the run. So nothing is ever
deleted because somebody could not see it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Problem

Json = Mapping[str, Any]
_SECONDS = 20
_CLUSTERS = "clusters.v1beta2.cluster.x-k8s.io"
_NEEDED = {"postgresql.cnpg.io/v1": "CloudNativePG", "monitoring.coreos.com/v1": "Prometheus' operator"}
_ARCHIVING = {"barmancloud.cnpg.io/v1": "the Barman Cloud plugin"}


class Management(NamedTuple):
    """The management cluster, by what kubectl is set up for (`KUBECONFIG`, the current context)."""

    kubeconfig: str
    """A kubeconfig that holds all that is needed to reach it: a secret."""

    @classmethod
    def here(cls) -> Management:
        """Raises Problem when kubectl names no cluster that can be reached, or one without Cluster API."""
        shown = _kubectl("config", "view", "--raw", "--minify", "--flatten")
        if shown.returncode:
            raise Problem(f"no management cluster is named ({_last(shown)}); set KUBECONFIG to its kubeconfig")
        found = cls(shown.stdout)
        answer = found._ask("get", "--raw", "/apis/cluster.x-k8s.io/v1beta2")
        if answer.returncode:
            raise Problem(
                f"{_server(found.kubeconfig)} is no management cluster ({_last(answer)}); set KUBECONFIG to the one on "
                "which Cluster API 1.11 or newer runs"
            )
        return found

    def cluster(self, name: str) -> Json | None:
        """The Cluster of that name, as Cluster API has it now, or None."""
        return self._object(_CLUSTERS, name)

    def has_namespace(self, name: str) -> bool:
        """Whether it is there."""
        answer = self._ask("get", "namespace", name, "--ignore-not-found", "-o", "name")
        return _ok(answer, self.kubeconfig).strip() != ""

    def kubeconfig_of(self, cluster: str) -> str | None:
        """The kubeconfig that Cluster API made for a cluster, or None as long as there is none."""
        answer = self._ask(
            "get", "secret", f"{cluster}-kubeconfig", "-n", cluster, "--ignore-not-found", "-o",
            "go-template={{.data.value | base64decode}}",
        )  # fmt: skip
        return _ok(answer, self.kubeconfig) or None

    def _object(self, kind: str, name: str) -> Json | None:
        answer = self._ask("get", kind, name, "-n", name, "--ignore-not-found", "-o", "json")
        text = _ok(answer, self.kubeconfig)
        return json.loads(text) if text.strip() else None

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return _asked(self.kubeconfig, *words)


def unhealthy(cluster: Json | None, name: str) -> str | None:
    """Why a cluster is not what its topology says, in words; None when it is."""
    if cluster is None:
        return f"{name} does not exist"
    status, generation = cluster.get("status", {}), cluster["metadata"]["generation"]
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    # Two controllers write the status, each with the generation that it has seen.
    reconciled = conditions.get("TopologyReconciled", {}).get("observedGeneration", generation)
    if status.get("observedGeneration") != generation or reconciled != generation:
        return f"{name} has not taken up its last change yet"
    for kind, wanted in (("TopologyReconciled", "True"), ("RollingOut", "False"), ("Available", "True")):
        found = conditions.get(kind, {})
        if found.get("status") != wanted:
            said = " ".join((found.get("message") or found.get("reason") or "nothing is known of it").split())
            return f"{name} is not {'Available' if kind == 'Available' else 'done with its last change'}: {said[:300]}"
    return None


def initialized(cluster: Json | None) -> bool:
    """Whether its API has ever answered. Once True, it stays so."""
    return bool(cluster and cluster.get("status", {}).get("initialization", {}).get("controlPlaneInitialized"))


def missing(kubeconfig: str, name: str, archives: bool) -> str | None:
    """What a workload cluster does not serve yet that its database needs, in words; None when nothing is missing.

    Raises Problem when the cluster cannot be reached.
    """
    served = _ok(_asked(kubeconfig, "api-versions"), kubeconfig, name).split()
    needed = _NEEDED | (_ARCHIVING if archives else {})
    lacking = [what for version, what in needed.items() if version not in served]
    if lacking:
        return f"{name} does not have {' and '.join(lacking)} yet"
    answer = _asked(kubeconfig, "get", "namespace", DATABASES, "--ignore-not-found", "-o", "name")
    if not _ok(answer, kubeconfig, name).strip():
        return f"{name} does not have the namespace {DATABASES} yet"
    return None


def _asked(kubeconfig: str, *words: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(kubeconfig, encoding="utf-8")
        return _kubectl(f"--kubeconfig={file}", f"--request-timeout={_SECONDS}s", *words)


def _kubectl(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("kubectl") is None:
        raise Problem("kubectl is not on PATH, and clusters are read with it; install it")
    try:
        return subprocess.run(
            ["kubectl", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
            timeout=3 * _SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(["kubectl"], 124, "", f"kubectl did not answer in {3 * _SECONDS} s")


def _ok(answer: subprocess.CompletedProcess[str], kubeconfig: str, name: str = "") -> str:
    if answer.returncode:
        where = name or _server(kubeconfig)
        raise Problem(f"{where} cannot be read ({_last(answer)}); nothing was changed, mend that and run this again")
    return answer.stdout


def _server(kubeconfig: str) -> str:
    words = kubeconfig.split()
    return words[words.index("server:") + 1] if "server:" in words else "the cluster of KUBECONFIG"


def _last(answer: subprocess.CompletedProcess[str]) -> str:
    return (answer.stderr.strip().splitlines() or ["it said nothing"])[-1]
