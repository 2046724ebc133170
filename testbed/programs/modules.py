"""The programs, and what pins each of them: the go.mod and go.sum of one folder here."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).resolve().parent

_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
_FLUX = ("kustomize-controller", "source-controller", "notification-controller")
_VERSION = "k8s.io/component-base/version.git"
_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
_HELM = "helm.sh/helm/v3/pkg"
# Named as their images are; infrastructure provider `docker` is also the one in memory.
_CLUSTER_API = {
    "cluster-api-controller": "sigs.k8s.io/cluster-api/core",
    "kubeadm-bootstrap-controller": "sigs.k8s.io/cluster-api/bootstrap/kubeadm",
    "kubeadm-control-plane-controller": "sigs.k8s.io/cluster-api/controlplane/kubeadm",
    "capd-manager": "sigs.k8s.io/cluster-api/test/infrastructure/docker",
}


class Module(NamedTuple):
    """The folder of one go.mod, and the programs that one `go build` makes of it."""

    folder: Path
    programs: Mapping[str, str]
    """Package by program."""

    tags: str = ""
    stamps: Mapping[str, str] = {}
    """Value by variable, set at link time as the program's own Makefile does."""


MODULES = (
    Module(_HERE / "etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module(
        _HERE / "kubernetes",
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
        # Cluster API refuses a server without a version.
        stamps={
            f"{_VERSION}Version": "{version}",
            f"{_VERSION}Major": "{major}",
            f"{_VERSION}Minor": "{minor}",
            f"{_VERSION}TreeState": "clean",
        },
    ),
    Module(_HERE / "kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
    Module(_HERE / "flux", {name: f"github.com/fluxcd/{name}" for name in _FLUX}),
    Module(
        _HERE / "envoy-gateway",
        {"envoy-gateway": "github.com/envoyproxy/gateway/cmd/envoy-gateway"},
        stamps={"github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion": "{version}"},
    ),
    Module(
        _HERE / "kube-score",
        {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
        stamps={"main.version": "{version}"},
    ),
    # Rules are checked without the service discoveries, which would bring the SDKs of two dozen clouds.
    Module(
        _HERE / "promtool",
        {"promtool": "github.com/prometheus/prometheus/cmd/promtool"},
        tags="remove_all_sd",
        stamps={"github.com/prometheus/common/version.Version": "{version}"},
    ),
    Module(
        _HERE / "kube-state-metrics",
        {"kube-state-metrics": "k8s.io/kube-state-metrics/v2"},
        stamps={"github.com/prometheus/common/version.Version": "{version}"},
    ),
    Module(
        _HERE / "helm",
        {"helm": "helm.sh/helm/v3/cmd/helm"},
        # Without these, helm treats the cluster as Kubernetes 1.20.
        stamps={
            "helm.sh/helm/v3/internal/version.version": "{version}",
            f"{_HELM}/chartutil.k8sVersionMajor": "1",
            f"{_HELM}/chartutil.k8sVersionMinor": "{client_go}",
            f"{_HELM}/lint/rules.k8sVersionMajor": "1",
            f"{_HELM}/lint/rules.k8sVersionMinor": "{client_go}",
        },
    ),
    Module(_HERE / "kustomize", {"kustomize": "sigs.k8s.io/kustomize/kustomize/v5"}),
    Module(_HERE / "cluster-api", _CLUSTER_API),
)


class GoModule(NamedTuple):
    """The content of one go.mod."""

    go: str
    requires: Mapping[str, str]

    def version(self, package: str) -> str:
        """The version of the module that holds the package."""
        holders = [module for module in self.requires if f"{package}/".startswith(f"{module}/")]
        return self.requires[max(holders, key=len)]


def pin(folder: Path) -> GoModule:
    """Reads the folder's go.mod. Raises `ValueError` when it has no `go` line."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    go = re.search(r"^go (\S+)$", text, re.MULTILINE)
    if go is None:
        raise ValueError(f"{folder / 'go.mod'} has no `go` line; write the version that its modules need")
    required = text.split("\nreplace")[0]
    return GoModule(go[1], dict(re.findall(r"^(?:require )?\s*(\S+) (v\d\S*)", required, re.MULTILINE)))


def checksum(folder: Path, module: str) -> str:
    """Go's checksum of one of the modules that the folder's go.mod requires."""
    start = f"{module} {pin(folder).requires[module]} "
    lines = (folder / "go.sum").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix(start) for line in lines if line.startswith(start))


def module_of(program: str) -> Module:
    """The module that makes the program. Raises `ValueError` for an unknown name."""
    for module in MODULES:
        if program in module.programs:
            return module
    known = ", ".join(name for module in MODULES for name in module.programs)
    raise ValueError(f"there is no program {program!r}; the programs are {known}")


def label(module: Module) -> str:
    """The module's programs with their versions, for people."""
    by_version: dict[str, list[str]] = {}
    for name, package in module.programs.items():
        by_version.setdefault(pin(module.folder).version(package), []).append(name)
    return ", ".join(f"{', '.join(names)} {version}" for version, names in by_version.items())


def flags(module: Module) -> list[str]:
    """What `go build` is given beside the packages."""
    pinned = pin(module.folder)
    version = pinned.version(next(iter(module.programs.values())))
    major, minor, _ = version.removeprefix("v").split(".", 2)
    words = {"version": version, "major": major, "minor": minor}
    words["client_go"] = pinned.requires.get("k8s.io/client-go", "v0.0").split(".")[1]
    stamps = [f"-X {variable}={value.format(**words)}" for variable, value in module.stamps.items()]
    tags = [f"-tags={module.tags}"] if module.tags else []
    return [*_FLAGS, *tags, f"-ldflags={' '.join(['-s', '-w', *stamps])}"]


def key(module: Module) -> str:
    """The name of the module's binaries in the cache: another one for other pins, packages or flags."""
    folder = module.folder
    digest = hashlib.sha256()
    for text in ((folder / "go.mod").read_text(), (folder / "go.sum").read_text(), *flags(module)):
        digest.update(f"{len(text)} {text}".encode())
    digest.update(repr(sorted(module.programs.items())).encode())
    version = pin(folder).version(next(iter(module.programs.values())))
    return f"{folder.name}-{version}-{digest.hexdigest()[:12]}"
