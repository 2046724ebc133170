"""Flux for one cluster: its controllers as processes, and the sync objects that a cluster starts with."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import httpx

from .api import Object, Ref, read
from .bed import BedCluster
from .git_server import PASSWORD, USER, Webhook
from .process import Process, until
from .programs.build import program

NAMESPACE = "flux-system"
_TOKEN = "say-that-it-moved"
_SYNC = ("gitrepository-fleet.yaml", "kustomization-platform-gitops.yaml")
_METRICS = {"source-controller": 8081, "kustomize-controller": 8082, "notification-controller": 8083}
CONTROLLERS = tuple(_METRICS)
"""Those that run."""
_HEALTH, _STORAGE, _EVENTS, _RECEIVER = 9440, 9091, 9093, 9292


def secret(name: str, **values: str) -> Object:
    """A Secret of Flux."""
    meta = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values}


def secrets(signer: str, alerts: str) -> list[Object]:
    """What our sync objects name: the Git server's password, the public SSH key of the `signer` of commits, the
    receiver's token, and the address that `alerts` go to."""
    return [
        secret("fleet-credentials", username=USER, password=PASSWORD),
        secret("fleet-signers", **{"publisher.sshpub": signer}),
        secret("receiver-token", token=_TOKEN),
        secret("alerts", address=alerts),
    ]


class Flux:
    """source-, kustomize- and notification-controller of a cluster, on the cluster's address."""

    def __init__(self, cluster: BedCluster) -> None:
        self.cluster = cluster
        self._processes = {name: self._start(name) for name in _METRICS}
        for name, process in self._processes.items():
            process.ready(partial(self._ready, name))

    def bootstrap(self, manifests: Path, secrets: Iterable[Object]) -> None:
        """Applies the namespace, the secrets, and the two sync objects from the cluster's own manifests."""
        namespace = manifests / "platform" / "namespaces" / f"namespace-{NAMESPACE}.yaml"
        sync = [manifests / "platform" / "gitops" / name for name in _SYNC]
        for item in [*read([namespace]), *secrets, *read(sync)]:
            self.cluster.api.apply(item, manager="bootstrap")

    def webhook(self) -> Webhook:
        """The address to call when `live` moves. Waits until the cluster has its Receiver from Git."""
        receiver = Ref("notification.toolkit.fluxcd.io/v1", "Receiver", "fleet", NAMESPACE)

        def path() -> str:
            found = self.cluster.api.get(receiver) or {}
            return str(found.get("status", {}).get("webhookPath", ""))

        until(lambda: bool(path()), f"{receiver} has an address", seconds=20, pause=0.2)
        return Webhook(f"http://{self.cluster.address}:{_RECEIVER}{path()}", _TOKEN)

    def metrics(self, controller: str) -> str:
        """The metrics of a controller."""
        return httpx.get(f"http://{self.cluster.address}:{_METRICS[controller]}/metrics", trust_env=False).text

    def stop(self) -> None:
        """Stops all controllers. What they applied stays."""
        for process in self._processes.values():
            process.stop(gently=False)

    def __enter__(self) -> "Flux":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, name: str) -> Process:
        folder = self.cluster.folder / name
        folder.mkdir()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "RUNTIME_NAMESPACE": NAMESPACE,
        }
        return Process([program(name), *self._options(name, folder)], self.cluster.folder / "logs" / f"{name}.log", env)

    def _options(self, name: str, folder: Path) -> list[str]:
        address = self.cluster.address
        ports = [f"--metrics-addr={address}:{_METRICS[name]}", f"--health-addr={self._health(name)}"]
        events = f"{address}:{_EVENTS}"
        own = {
            "source-controller": [
                f"--events-addr=http://{events}",
                f"--storage-path={folder}",
                f"--storage-addr={address}:{_STORAGE}",
                f"--storage-adv-addr={address}:{_STORAGE}",
            ],
            "kustomize-controller": [f"--events-addr=http://{events}"],
            "notification-controller": [f"--events-addr={events}", f"--receiverAddr={address}:{_RECEIVER}"],
        }
        return ["--enable-leader-election=false", *ports, *own[name]]

    def _health(self, name: str) -> str:
        return f"{self.cluster.address}:{_HEALTH + list(_METRICS).index(name)}"

    def _ready(self, name: str) -> bool:
        try:
            return httpx.get(f"http://{self._health(name)}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False
