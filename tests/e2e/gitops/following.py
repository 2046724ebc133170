"""A cluster that follows Git by Flux, and what tests ask of it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testbed.api import Api, Object, Ref
from testbed.bed import BedCluster
from testbed.flux import NAMESPACE, Flux
from testbed.manifests import objects
from testbed.process import until

KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/v1"
GIT_REPOSITORY = Ref("source.toolkit.fluxcd.io/v1", "GitRepository", "fleet", NAMESPACE)
SHOP = "shop"
_GATEWAY_API = "gateway.networking.k8s.io/v1"
_PROGRAMMED = [
    {
        "type": kind,
        "status": "True",
        "reason": kind,
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    for kind in ("Accepted", "Programmed")
]


class Following:
    """One of the two clusters of a pair, by its name."""

    def __init__(self, name: str, cluster: BedCluster) -> None:
        self.name = name
        self.cluster = cluster
        self.flux = Flux(cluster)

    @property
    def api(self) -> Api:
        """Its API server."""
        return self.cluster.api

    def stop(self) -> None:
        """Ends all of its processes."""
        self.flux.stop()
        self.cluster.stop()

    def deployment(self, name: str) -> Object:
        """A Deployment of the shop; empty where there is none."""
        return self.api.get(Ref("apps/v1", "Deployment", name, SHOP)) or {}

    def image(self, deployment: str) -> str:
        """The image of a Deployment of the shop."""
        found = self.deployment(deployment)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found else ""

    def weights(self, service: str) -> dict[str, int]:
        """How the HTTPRoute of a service divides its requests, by Service."""
        route = self.api.get(Ref(_GATEWAY_API, "HTTPRoute", service, SHOP)) or {}
        backends = [rule["backendRefs"] for rule in route.get("spec", {}).get("rules", [])]
        return {each["name"]: each["weight"] for each in backends[0]} if backends else {}

    def templates(self) -> dict[str, str]:
        """The pod template of every Deployment and StatefulSet: pods are replaced when, and only when, it changes."""
        return {
            f"{kind}/{item['metadata']['name']}": json.dumps(item["spec"]["template"], sort_keys=True)
            for kind in ("Deployment", "StatefulSet")
            for item in self.api.list("apps/v1", kind, SHOP)
        }

    def present(self, wanted: list[Object]) -> dict[Ref, str]:
        """Those of the objects that are there: their ids and all that people say of them, without what runs."""
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda item: self.api.get(Ref.of(item)), wanted)
        return {Ref.of(item): _said(item) for item in found if item}

    def ready(self, commit: str) -> bool | str:
        """Whether all Kustomizations have applied this commit, or which not."""
        self._program_gateways()
        found = self.api.list(KUSTOMIZATION, "Kustomization", NAMESPACE)
        behind = [f"{k['metadata']['name']}: {_trouble(k)}" for k in found if not _at(k, commit)]
        return "; ".join(behind[:3]) if behind or len(found) < 3 else True

    def settle(self, commit: str, seconds: float = 90) -> float:
        """Waits for that; the seconds that it took."""
        return until(lambda: self.ready(commit), f"{self.name} is at {commit[:12]}", seconds, pause=0.3)

    def lacks(self, manifests: Path) -> list[str]:
        """Which of the objects in the folder of its manifests are not there."""
        wanted = objects(manifests)
        present = self.present(wanted)
        return [str(Ref.of(item)) for item in wanted if Ref.of(item) not in present]

    def _program_gateways(self) -> None:
        """No gateway runs for these tests: this says of them what Envoy Gateway says, which Flux waits for."""
        for name in ("external", "internal"):
            gateway = Ref(_GATEWAY_API, "Gateway", name, "gateways")
            found = self.api.get(gateway)
            conditions = (found or {}).get("status", {}).get("conditions", [])
            if found and not any(c["type"] == "Programmed" and c["status"] == "True" for c in conditions):
                self.api.merge(gateway, {"status": {"conditions": _PROGRAMMED}}, "status")


def now() -> float:
    """Seconds on the clock that `push` reads."""
    return time.monotonic()


def _at(kustomization: Object, commit: str) -> bool:
    status = kustomization.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    return ready and str(status.get("lastAppliedRevision", "")).endswith(commit)


def _trouble(kustomization: Object) -> str:
    conditions = kustomization.get("status", {}).get("conditions", [])
    said = [c["message"] for c in conditions if c["type"] == "Ready"]
    return str(said[0])[:300] if said else "not looked at yet"


def _said(item: Object) -> str:
    # How many pods a Deployment has is its autoscaler's to say.
    dropped = ("resourceVersion", "managedFields", "generation")
    metadata = {key: value for key, value in item["metadata"].items() if key not in dropped}
    # A Receiver says in this annotation that it was called.
    metadata["annotations"] = metadata.get("annotations", {}) | {"reconcile.fluxcd.io/requestedAt": ""}
    spec = {key: value for key, value in item.get("spec", {}).items() if key != "replicas"}
    return json.dumps({**item, "metadata": metadata, "spec": spec, "status": None}, sort_keys=True)
