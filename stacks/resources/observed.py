"""Reads clusters with `kubectl`: what exists, and what to wait for. Nothing else in the stacks looks at a cluster.

What a cluster needs from its own API is registered as soon as that API serves it, and in every run after that. This is
safe because the signs never go back: Cluster API never resets "control plane initialized", and a cluster that cannot
be reached ends the run. So Pulumi never deletes an object because this program could not see its cluster.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Problem
from constructs_lib.values.data import Object
from desired.outside.kubectl import run_kubectl

_SECONDS = 20
_CLUSTERS = "clusters.v1beta2.cluster.x-k8s.io"
_NEEDED = {"postgresql.cnpg.io/v1": "CloudNativePG", "monitoring.coreos.com/v1": "the Prometheus operator"}
_ARCHIVING = {"barmancloud.cnpg.io/v1": "the Barman Cloud plugin"}


class ManagementCluster(NamedTuple):
    """The management cluster: the current context of kubectl (`KUBECONFIG`)."""

    kubeconfig: str
    """A kubeconfig with everything that is needed to reach it: a secret."""

    @classmethod
    def here(cls) -> ManagementCluster:
        """Raises Problem if kubectl has no context, or its cluster cannot be reached or has no Cluster API."""
        shown = _kubectl("config", "view", "--raw", "--minify", "--flatten")
        if shown.returncode:
            raise Problem(f"kubectl has no management cluster ({_last_line(shown)}); set KUBECONFIG to its kubeconfig")
        found = cls(shown.stdout)
        answer = found._run("get", "--raw", "/apis/cluster.x-k8s.io/v1beta2")
        if answer.returncode:
            raise Problem(
                f"{_server(found.kubeconfig)} is not a management cluster ({_last_line(answer)}); set KUBECONFIG to a "
                "cluster on which Cluster API 1.11 or newer runs"
            )
        return found

    def cluster(self, name: str) -> Object | None:
        """The Cluster of that name, or None."""
        answer = self._run("get", _CLUSTERS, name, "-n", name, "--ignore-not-found", "-o", "json")
        text = _output(answer, self.kubeconfig)
        return json.loads(text) if text.strip() else None

    def has_namespace(self, name: str) -> bool:
        """Whether the namespace exists."""
        answer = self._run("get", "namespace", name, "--ignore-not-found", "-o", "name")
        return _output(answer, self.kubeconfig).strip() != ""

    def kubeconfig_of(self, cluster: str) -> str | None:
        """The kubeconfig that Cluster API made for a cluster, or None before it did."""
        answer = self._run(
            "get", "secret", f"{cluster}-kubeconfig", "-n", cluster, "--ignore-not-found", "-o",
            "go-template={{.data.value | base64decode}}",
        )  # fmt: skip
        return _output(answer, self.kubeconfig) or None

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return _run(self.kubeconfig, *words)


def unhealthy(cluster: Object | None, name: str) -> str | None:
    """Why a cluster is not what its topology says, in one sentence. None if it is."""
    if cluster is None:
        return f"{name} does not exist"
    status, generation = cluster.get("status", {}), cluster["metadata"]["generation"]
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    # Two controllers write the status, each with the generation that it has seen.
    reconciled = conditions.get("TopologyReconciled", {}).get("observedGeneration", generation)
    if status.get("observedGeneration") != generation or reconciled != generation:
        return f"Cluster API has not seen the last change of {name} yet"
    for kind, wanted in (("TopologyReconciled", "True"), ("RollingOut", "False"), ("Available", "True")):
        found = conditions.get(kind, {})
        if found.get("status") != wanted:
            shown = f"its condition {kind} is {found.get('status', 'missing')}"
            reason = " ".join((found.get("message") or found.get("reason") or shown).split())
            return f"{name} is {'not Available' if kind == 'Available' else 'still changing'}: {reason[:300]}"
    return None


def initialized(cluster: Object | None) -> bool:
    """Whether its API has ever answered. Once True, it stays True."""
    return bool(cluster and cluster.get("status", {}).get("initialization", {}).get("controlPlaneInitialized"))


def missing(kubeconfig: str, name: str, archives: bool) -> str | None:
    """What a workload cluster lacks that its database needs, in one sentence. None if it has everything.

    Raises Problem if the cluster cannot be reached.
    """
    served = _output(_run(kubeconfig, "api-versions"), kubeconfig, name).split()
    needed = _NEEDED | (_ARCHIVING if archives else {})
    lacking = [what for version, what in needed.items() if version not in served]
    if lacking:
        return f"{name} does not have {' and '.join(lacking)} yet"
    answer = _run(kubeconfig, "get", "namespace", DATABASES, "--ignore-not-found", "-o", "name")
    if not _output(answer, kubeconfig, name).strip():
        return f"{name} does not have the namespace {DATABASES} yet"
    return None


def _run(kubeconfig: str, *words: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(kubeconfig, encoding="utf-8")
        return _kubectl(f"--kubeconfig={file}", f"--request-timeout={_SECONDS}s", *words)


def _kubectl(*words: str) -> subprocess.CompletedProcess[str]:
    return run_kubectl(*words, timeout=3 * _SECONDS)


def _output(answer: subprocess.CompletedProcess[str], kubeconfig: str, name: str = "") -> str:
    if answer.returncode:
        where = name or _server(kubeconfig)
        raise Problem(f"cannot read {where} ({_last_line(answer)}); nothing was changed: fix it and run this again")
    return answer.stdout


def _server(kubeconfig: str) -> str:
    words = kubeconfig.split()
    return words[words.index("server:") + 1] if "server:" in words else "the cluster of KUBECONFIG"


def _last_line(answer: subprocess.CompletedProcess[str]) -> str:
    return (answer.stderr.strip().splitlines() or ["no message"])[-1]
