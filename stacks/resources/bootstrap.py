"""The objects that a new cluster starts with. Cluster API's ClusterResourceSets apply them to it.

A Job installs the network, the infrastructure's charts and Flux, because the charts and the command `flux` bring their
own manifests. Everything else comes from Git by Flux.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pulumi
import yaml

from constructs_lib import Environment
from constructs_lib.parts.names import FLUX
from constructs_lib.values import Problem
from constructs_lib.values.data import Json, Object, canonical

from .cluster import CLUSTER_NAME_LABEL
from .cluster_spec import ROOT, ClusterSpec
from .infrastructure import Chart
from .objects import options, register
from .settings import PairSettings

_ADDONS = "addons.cluster.x-k8s.io"
# Placeholder digests. Replace them with the output of `crane digest <image>:<tag>`.
_HELM = "docker.io/alpine/helm:3.22.0@sha256:" + "0" * 63 + "2"
_FLUX = "ghcr.io/fluxcd/flux-cli:v2.9.1@sha256:" + "0" * 63 + "3"
_COMPONENTS = "source-controller,kustomize-controller,helm-controller,notification-controller"
_SYSTEM, _INSTALLER = "kube-system", "bootstrap"
_SYNC = ("gitops/gitrepository-fleet.yaml", "gitops/kustomization-platform-gitops.yaml")
_NAMESPACE = f"namespaces/namespace-{FLUX}.yaml"


class ResourceSet(NamedTuple):
    """Objects that one ClusterResourceSet applies to a new cluster."""

    name: str
    strategy: str
    """`Reconcile`: Cluster API keeps the objects like this. `ApplyOnce`: Flux owns them after the first time."""
    items: Sequence[Object]


def resource_sets(cluster_spec: ClusterSpec, settings: PairSettings) -> list[ResourceSet]:
    """Everything that a new cluster starts with. Raises Problem if its manifests are missing."""
    namespace = _manifest(cluster_spec, _NAMESPACE)
    return [
        ResourceSet("install", "Reconcile", _installer(cluster_spec.name, cluster_spec.infrastructure.config.charts)),
        ResourceSet("credentials", "Reconcile", [namespace, *_credentials(cluster_spec.environment, settings)]),
        ResourceSet("sync", "ApplyOnce", [_manifest(cluster_spec, path) for path in _SYNC]),
    ]


class Bootstrap(pulumi.ComponentResource):
    """Makes a new cluster follow `manifests/<cluster>` without a manual step."""

    def __init__(self, cluster_spec: ClusterSpec, sets: Sequence[ResourceSet], opts: pulumi.ResourceOptions) -> None:
        super().__init__("desired:stacks:Bootstrap", cluster_spec.name, None, opts)
        for each in sets:
            self._register(cluster_spec, each)
        self.register_outputs({})

    def _register(self, cluster_spec: ClusterSpec, wanted: ResourceSet) -> None:
        meta = {"name": f"bootstrap-{wanted.name}", "namespace": cluster_spec.name, "labels": cluster_spec.labels}
        content = pulumi.Output.secret(yaml.safe_dump_all(wanted.items, sort_keys=True))
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta,
            "type": f"{_ADDONS}/resource-set",
            "stringData": {"objects.yaml": content},
        }
        resource_set = {
            "apiVersion": f"{_ADDONS}/v1beta2",
            "kind": "ClusterResourceSet",
            "metadata": meta,
            "spec": {
                "clusterSelector": {"matchLabels": {CLUSTER_NAME_LABEL: cluster_spec.name}},
                "strategy": wanted.strategy,
                "resources": [{"kind": "Secret", "name": meta["name"]}],
            },
        }
        register(resource_set, options(self, depends_on=[register(secret, options(self))]))


def _manifest(cluster_spec: ClusterSpec, path: str) -> Object:
    """An object of the cluster's platform, read from Git. Raises Problem if the file is missing."""
    file = ROOT / "manifests" / cluster_spec.name / "platform" / path
    try:
        item: Object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem(f"{file.relative_to(ROOT)} is missing, and a new cluster needs it: run `make synth`") from None
    return item


def _credentials(environment: Environment, settings: PairSettings) -> list[Object]:
    password = settings.git_password.get_secret_value()
    found = [
        _secret("fleet-credentials", {"username": settings.git_username, "password": password}),
        _secret("receiver-token", {"token": settings.receiver_token.get_secret_value()}),
        _secret(environment.alert_address, {"address": settings.alert_address.get_secret_value()}),
    ]
    signers = environment.git.signers
    return [*found, _secret(signers, dict(settings.signers))] if signers else found


def _secret(name: str, values: dict[str, str]) -> Object:
    meta = {"name": name, "namespace": FLUX}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values}


def _installer(cluster: str, charts: Iterable[Chart]) -> list[Object]:
    """A Job that installs charts and Flux, and its rights. The name changes with the content: a change is a new Job."""
    meta = {"name": _INSTALLER, "namespace": _SYSTEM}
    subject = {"kind": "ServiceAccount", **meta}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    template = _pod([_install(chart, cluster) for chart in charts])
    job = f"{_INSTALLER}-{hashlib.sha256(canonical(template).encode()).hexdigest()[:8]}"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _INSTALLER},
            "roleRef": role,
            "subjects": [subject],
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": job, "namespace": _SYSTEM},
            "spec": {"backoffLimit": 20, "template": template},
        },
    ]


def _pod(installs: Sequence[Sequence[str]]) -> Json:
    flux = ["flux", "install", f"--namespace={FLUX}", f"--components={_COMPONENTS}"]
    return {
        "spec": {
            "serviceAccountName": _INSTALLER,
            "restartPolicy": "OnFailure",
            # It runs before the pod network exists, so on nodes that are not ready yet.
            "hostNetwork": True,
            "tolerations": [{"operator": "Exists"}],
            "priorityClassName": "system-cluster-critical",
            "initContainers": [_container(f"chart-{each}", _HELM, words) for each, words in enumerate(installs)],
            "containers": [_container("flux", _FLUX, flux)],
        }
    }


def _install(chart: Chart, cluster: str) -> list[str]:
    repository = [f"--repo={chart.repository}"] if chart.repository else []
    values = [f"--set-json={key}={json.dumps(value)}" for key, value in sorted(chart.values.items())]
    place = [f"--version={chart.version}", f"--namespace={chart.namespace}", "--create-namespace"]
    said = [value.replace("{cluster}", cluster) for value in values]
    return ["helm", "upgrade", "--install", chart.name, chart.chart, *repository, *place, *said]


def _container(name: str, image: str, command: Sequence[str]) -> Json:
    resources = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
    return {"name": name, "image": image, "command": list(command), "resources": resources}
