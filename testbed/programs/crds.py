"""The custom resource definitions that our manifests need, webhooks, and kwok's stages, out of their pinned modules."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .download import Folders, copied, fetched
from .modules import checksum, pin
from .progress import Line

_CONTRACT = "cluster.x-k8s.io"
_BOTH = {f"{_CONTRACT}/v1beta1": "v1beta1", f"{_CONTRACT}/v1beta2": "v1beta2"}
_CONTRACTS: Mapping[str, Mapping[str, str]] = {
    "cluster-api": _BOTH,
    "cluster-api-in-memory": _BOTH,
    "cluster-api-aws": {f"{_CONTRACT}/v1beta1": "v1beta1_v1beta2"},
    "cluster-api-azure": {f"{_CONTRACT}/v1beta1": "v1beta1"},
    "cluster-api-openstack": {f"{_CONTRACT}/v1beta1": "v1alpha7_v1beta1"},
}
"""Labels by which Cluster API knows which versions of a kind keep which of its contracts: kustomize adds them where a
provider is released (see its config/crd/kustomization.yaml), and the files lack them."""


def _of(folder: str, module: str, *folders: str) -> Folders:
    """Folders of a module that programs are built from too, in the same version."""
    built = Path(__file__).resolve().parent / folder
    return Folders(module, pin(built).requires[module], checksum(built, module), folders)


CRDS: Mapping[str, Folders] = {
    "gateway-api": Folders(
        "sigs.k8s.io/gateway-api",
        "v1.6.0",
        "h1:735YBRj5NXFrOGX0GoSjwzUIzbz8kiEOfADsqHFmHgE=",
        ("config/crd/standard",),
    ),
    # The folder above this one holds Gateway API once more, as of v1.5.1.
    "envoy-gateway": _of(
        "envoy-gateway", "github.com/envoyproxy/gateway", "charts/gateway-helm/charts/crds/crds/generated"
    ),
    "source-controller": _of("flux", "github.com/fluxcd/source-controller", "config/crd/bases"),
    "kustomize-controller": _of("flux", "github.com/fluxcd/kustomize-controller", "config/crd/bases"),
    "notification-controller": _of("flux", "github.com/fluxcd/notification-controller", "config/crd/bases"),
    "helm-controller": Folders(
        "github.com/fluxcd/helm-controller",
        "v1.6.2",
        "h1:cEirkQjLFF721EomwtH5fHuhpiYCW9HkAje1HTzCTsM=",
        ("config/crd/bases",),
    ),
    "prometheus-operator": Folders(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.93.1",
        "h1:4Juk8v93RdG1DSGD/mGp+SeQKPmnlLIj2iq3blLZgFY=",
        ("example/prometheus-operator-crd",),
    ),
    "external-secrets": Folders(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        ("config/crds/bases",),
    ),
    "cloudnative-pg": Folders(
        "github.com/cloudnative-pg/cloudnative-pg",
        "v1.30.0",
        "h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=",
        ("config/crd/bases",),
    ),
    "plugin-barman-cloud": Folders(
        "github.com/cloudnative-pg/plugin-barman-cloud",
        "v0.15.0",
        "h1:gNVytrzzYUE08wxLDrjfJqy1FPPSFkMe1OEr4s4pVI0=",
        ("config/crd/bases",),
    ),
    "cert-manager": Folders(
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        ("deploy/crds",),
    ),
    "cluster-api": _of(
        "cluster-api",
        "sigs.k8s.io/cluster-api",
        "core/config/crd/bases",
        "bootstrap/kubeadm/config/crd/bases",
        "controlplane/kubeadm/config/crd/bases",
    ),
    "cluster-api-in-memory": _of(
        "cluster-api", "sigs.k8s.io/cluster-api/test", "infrastructure/docker/config/crd/bases"
    ),
}
"""The definitions that every cluster starts with."""

PROVIDERS: Mapping[str, Folders] = {
    "cluster-api-aws": Folders(
        "sigs.k8s.io/cluster-api-provider-aws/v2",
        "v2.13.0",
        "h1:yQz7GBrIkPLuEJ5MXNuZ/6eUssTJK8reUnZ6t5QIPnU=",
        ("config/crd/bases",),
    ),
    "cluster-api-azure": Folders(
        "sigs.k8s.io/cluster-api-provider-azure",
        "v1.23.0",
        "h1:hhiKfIFTgssEuRH2//OAkaUX94LVdtnL0MgvuQqJNo8=",
        ("config/crd/bases",),
    ),
    "cluster-api-openstack": Folders(
        "sigs.k8s.io/cluster-api-provider-openstack",
        "v0.12.1",
        "h1:IK8GRmQKTwgft6PwaLC4r69O5hV7ykr4l7eJ8pQ3EIU=",
        ("config/crd/bases",),
    ),
}

"""Those of a management cluster beside: infrastructure providers whose controllers do not run here."""

_WEBHOOK = "config/webhook"
WEBHOOKS: Mapping[str, Folders] = {
    "cluster-api-controller": _of("cluster-api", "sigs.k8s.io/cluster-api", f"core/{_WEBHOOK}"),
    "kubeadm-bootstrap-controller": _of("cluster-api", "sigs.k8s.io/cluster-api", f"bootstrap/kubeadm/{_WEBHOOK}"),
    "kubeadm-control-plane-controller": _of(
        "cluster-api", "sigs.k8s.io/cluster-api", f"controlplane/kubeadm/{_WEBHOOK}"
    ),
    "capd-manager": _of("cluster-api", "sigs.k8s.io/cluster-api/test", f"infrastructure/docker/{_WEBHOOK}"),
}
"""The webhooks that a program serves."""

_STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast", "volume/fast")
STAGES = _of("kwok", "sigs.k8s.io/kwok", *(f"kustomize/stage/{kind}" for kind in _STAGES))


def crds(name: str, line: Line | None = None) -> list[dict[str, Any]]:
    """The custom resource definitions of one row of the tables, sorted by name.

    `line` shows the progress of a download, or one of its own. Raises `ToolMissing`.
    """
    path = fetched({**CRDS, **PROVIDERS}[name], _definitions, line)
    found = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(path.glob("*.json")))
    return [_with_labels(crd, _CONTRACTS.get(name, {})) for crd in found]


def unfetched() -> list[Folders]:
    """What is missing in the cache."""
    wanted = (*CRDS.values(), *PROVIDERS.values(), *WEBHOOKS.values(), STAGES)
    return [folders for folders in wanted if not folders.path.exists()]


def fetch(line: Line) -> None:
    """Fetches all definitions, webhooks and stages. Raises `ToolMissing`."""
    for name in (*CRDS, *PROVIDERS):
        crds(name, line)
    for name in WEBHOOKS:
        webhooks(name, line)
    stages(line)


def webhooks(program: str, line: Line | None = None) -> Path:
    """The file with the configurations of the webhooks of a program. Raises `ToolMissing`."""
    return fetched(WEBHOOKS[program], copied, line) / "manifests.yaml"


def stages(line: Line | None = None) -> Path:
    """The folder of kwok's stages for nodes, pods and volumes, one YAML file each. Raises `ToolMissing`."""
    return fetched(STAGES, copied, line)


class _Loader(yaml.CSafeLoader):
    """Reads a plain `=`, which prometheus-operator has among its values, and dates as the strings that they are."""


def _string(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


for _tag in ("value", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _string)


def _definitions(source: Path, target: Path) -> None:
    """Takes the definitions as JSON, which is read a hundred times faster than YAML."""
    for file in sorted(source.glob("*.yaml")):
        for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=_Loader):
            if document and document["kind"] == "CustomResourceDefinition":
                name = document["metadata"]["name"]
                (target / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


def _with_labels(crd: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    metadata = crd["metadata"]
    return {**crd, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}}}
