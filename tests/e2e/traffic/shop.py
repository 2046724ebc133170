"""The shop in a cluster whose gateways and pods answer: the shipped manifests of prod-apps, and what runs them."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from testbed.api import Object
from testbed.bed import Bed
from testbed.gateway import EnvoyGateway
from testbed.load import Load, LoadTarget
from testbed.manifests import objects
from testbed.process import Process, until
from tests.e2e.traffic.certificate import wildcard
from tests.e2e.traffic.fleet import FLUX, Fleet, Tree

DOMAIN = "shop.example.com"
INTERNAL_PORT, HTTP_PORT, HTTPS_PORT = 8080, 10080, 10443
"""Where the proxies' pods listen."""
# What has a say in traffic. The operators are installed by the test bed, and Flux is a matter of other tests.
_PLATFORM = ("priorities", "limits", "closed", "gateways")


class Shop:
    """The cluster, both gateways, and the shop behind them."""

    def __init__(self, bed: Bed) -> None:
        self._stack = ExitStack()
        self._loads = 0
        try:
            self._start(bed)
        except BaseException:
            self._stack.close()
            raise

    def load(self, rate: float, *targets: LoadTarget, limit: int = 0) -> Load:
        """Requests to these targets, in turn; see `Load`."""
        self._loads += 1
        return Load(self.folder / f"load-{self._loads}", rate, targets, self._authority, limit)

    def inside(self, service: str, kind: str = "http", wait_seconds: float = 0.0) -> LoadTarget:
        """A service as its callers reach it."""
        url = f"http://{self.internal.address}:{INTERNAL_PORT}"
        return LoadTarget(kind, url, f"{service}.shop:{INTERNAL_PORT}", wait_seconds)

    def outside(self, host: str, kind: str = "http", wait_seconds: float = 0.0) -> LoadTarget:
        """A host as people outside reach it, with TLS."""
        return LoadTarget(kind, f"https://{self.external.address}:{HTTPS_PORT}", f"{host}.{DOMAIN}", wait_seconds)

    def await_slot(self, *names: str) -> None:
        """Waits until these Deployments have all their pods."""
        until(lambda: self._unready(set(names)), f"{', '.join(names)} are available")

    def pods(self, deployment: str) -> list[str]:
        """The names of a Deployment's pods."""
        found = [pod["metadata"]["name"] for pod in self.api.list("v1", "Pod", "shop")]
        return [name for name in found if name.startswith(f"{deployment}-")]

    def await_end(self, *names: str) -> None:
        """Waits until no pod of these Deployments is left."""

        def gone() -> bool | str:
            left = [pod for name in names for pod in self.pods(name)]
            return ", ".join(left) or True

        until(gone, f"the pods of {', '.join(names)} are gone", pause=0.5)

    def __enter__(self) -> "Shop":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, bed: Bed) -> None:
        self.cluster = self._stack.enter_context(bed.cluster("traffic", kwok=False))
        self.api, self.folder = self.cluster.api, self.cluster.folder
        self.fleet = Fleet(self.folder)
        self._kubelet()
        self._apply(self.fleet.manifests / "platform" / "namespaces")
        self.control_plane = self._stack.enter_context(EnvoyGateway(self.cluster))
        self._authority = self.folder / "gateway-certificate.crt"
        self.api.create(wildcard(DOMAIN, self._authority))
        for name in _PLATFORM:
            self._apply(self.fleet.manifests / "platform" / name)
        self.internal = self._stack.enter_context(self.control_plane.proxy("internal"))
        self.external = self._stack.enter_context(self.control_plane.proxy("external"))
        self.external.announce()
        self._apply(self.fleet.manifests / "apps")
        self.await_slot()

    def _kubelet(self) -> None:
        command = [sys.executable, "-m", "testbed.kubelet", str(self.cluster.kubeconfig)]
        process = Process(command, self.folder / "logs" / "kubelet.log", dict(os.environ))
        self._stack.callback(process.stop)
        process.ready(lambda: len(self.api.list("v1", "Node")) == 3)

    def _apply(self, folder: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: self.api.apply(item, manager=FLUX), objects(folder)))

    def _unready(self, names: set[str]) -> bool | str:
        found = self.api.list("apps/v1", "Deployment", "shop")
        chosen = [each for each in found if not names or each["metadata"]["name"] in names]
        return ", ".join(each["metadata"]["name"] for each in chosen if not _available(each)) or True


def _available(deployment: Object) -> bool:
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    current = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return bool(current and status.get("availableReplicas", 0) == status.get("updatedReplicas", 0) == wanted)


def without_drain(tree: Tree, service: str) -> Tree:
    """The control of our tests: the same manifests, where the service's pods end at once and with what they do."""
    path = f"{service}-blue/deployment-{service}-blue.yaml"
    if path not in tree:
        return tree
    text = tree[path]
    lifecycle = "        lifecycle:\n          preStop:\n            sleep:\n              seconds: 10\n"
    grace = "      terminationGracePeriodSeconds: 30\n"
    assert lifecycle in text
    assert grace in text
    return {**tree, path: text.replace(lifecycle, "").replace(grace, grace.replace("30", "0"))}
