"""Creates the Flux objects that pull the folder of a cluster, and one Kustomization for each folder in it.

No Kustomization waits for another one. A broken service or slot therefore blocks no other service and no rollback.
"""

from __future__ import annotations

from constructs import Construct

from ..parts.names import FLUX
from ..parts.objects import Manifest, Meta
from ..values.data import Json
from ..values.environment import Environment, Role

_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
_NOTIFY = "notification.toolkit.fluxcd.io"
_SOURCE = "fleet"
FOLDER = "platform/gitops"
"""The folder of all Kustomizations."""
_RETRY_SECONDS = 10
"""Seconds between retries. Objects fail until their namespace exists, and no event says when that is."""
_GATEWAY_API = "gateway.networking.k8s.io/v1"


def sync(scope: Construct, cluster: str, folder: str, interval_seconds: int) -> None:
    """Add the Kustomization of one folder. Flux applies the folder, prunes removed objects, and reverts drift."""
    spec = {
        "interval": f"{interval_seconds}s",
        "retryInterval": f"{min(interval_seconds, _RETRY_SECONDS)}s",
        "timeout": "2m",
        "path": f"./manifests/{cluster}/{folder}",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": _SOURCE},
        **_health(folder),
    }
    Manifest(scope, _KUSTOMIZE, "Kustomization", Meta(folder.replace("/", "-"), FLUX), spec=spec)


def _health(folder: str) -> Json:
    # Wait only for gateways: a Kustomization that waits applies no newer commit, which would delay a rollback.
    if folder != "platform/gateways":
        return {}
    programmed = "status.conditions.exists(e, e.type == 'Programmed' && e.status == 'True')"
    refused = "status.conditions.exists(e, e.type == 'Accepted' && e.status == 'False')"
    return {
        "healthChecks": [
            {"apiVersion": _GATEWAY_API, "kind": "Gateway", "name": name, "namespace": "gateways"}
            for name in ("external", "internal")
        ],
        "healthCheckExprs": [{"apiVersion": _GATEWAY_API, "kind": "Gateway", "current": programmed, "failed": refused}],
    }


class GitOps(Construct):
    """The Git repository, the receiver of its webhook, and the alert for a cluster that cannot follow it."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "gitops")
        self._repository(environment, environment.cluster_name(role))
        self._receiver()
        self._alert(environment, environment.cluster_name(role))

    def _repository(self, environment: Environment, cluster: str) -> None:
        git = environment.git
        signed = {"verify": {"mode": "HEAD", "secretRef": {"name": git.signers}}} if git.signers else {}
        spec = {
            "url": git.url,
            "ref": {"branch": git.branch},
            # Every Kustomization unpacks the whole artifact for every commit, so leave out other clusters' folders.
            "sparseCheckout": [f"manifests/{cluster}"],
            "interval": f"{git.interval_seconds}s",
            "timeout": "60s",
            "secretRef": {"name": "fleet-credentials"},
            **signed,
        }
        Manifest(self, "source.toolkit.fluxcd.io/v1", "GitRepository", Meta(_SOURCE, FLUX), spec=spec)

    def _receiver(self) -> None:
        spec = {
            "type": "generic-hmac",
            "secretRef": {"name": "receiver-token"},
            "resources": [{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "name": _SOURCE}],
        }
        Manifest(self, f"{_NOTIFY}/v1", "Receiver", Meta(_SOURCE, FLUX), spec=spec)

    def _alert(self, environment: Environment, cluster: str) -> None:
        provider = {"type": "generic", "secretRef": {"name": environment.alert_address}}
        Manifest(self, f"{_NOTIFY}/v1beta3", "Provider", Meta("alerts", FLUX), spec=provider)
        watched = ("GitRepository", "HelmRelease", "Kustomization", "OCIRepository")
        alert = {
            "providerRef": {"name": "alerts"},
            "eventSeverity": "error",
            "eventSources": [{"kind": kind, "name": "*"} for kind in watched],
            "eventMetadata": {"cluster": cluster, "environment": environment.name},
        }
        Manifest(self, f"{_NOTIFY}/v1beta3", "Alert", Meta("alerts", FLUX), spec=alert)
