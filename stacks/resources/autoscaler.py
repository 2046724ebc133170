"""The cluster autoscaler: runs in the management cluster, and adds nodes to pools that may grow, and removes them."""

from __future__ import annotations

import pulumi

from constructs_lib.values.data import Object

from .cluster_spec import ClusterSpec
from .objects import options, register

_NAME = "cluster-autoscaler"
# A placeholder digest. Replace it with the output of `crane digest <image>:<tag>`.
_IMAGE = "registry.k8s.io/autoscaling/cluster-autoscaler:v1.36.0@sha256:" + "0" * 63 + "4"
_KUBECONFIG = "/kubeconfig/value"
_READ, _WRITE = ["get", "list", "watch"], ["get", "list", "watch", "update", "patch"]


class Autoscaler(pulumi.ComponentResource):
    """One autoscaler for each cluster. It may change machines in the cluster's own namespace only."""

    def __init__(self, cluster_spec: ClusterSpec, opts: pulumi.ResourceOptions) -> None:
        super().__init__("desired:stacks:Autoscaler", cluster_spec.name, None, opts)
        meta = {"name": _NAME, "namespace": cluster_spec.name, "labels": cluster_spec.labels}
        rights = [
            register({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}, options(self)),
            register(_role(meta), options(self)),
            register(_binding(meta), options(self)),
        ]
        register(_deployment(cluster_spec.name, meta), options(self, depends_on=rights))
        self.register_outputs({})


def _role(meta: Object) -> Object:
    machines = ["machinedeployments", "machinedeployments/scale", "machinesets", "machines", "machinepools"]
    rules = [
        {"apiGroups": ["cluster.x-k8s.io"], "resources": machines, "verbs": _WRITE},
        {"apiGroups": ["cluster.x-k8s.io"], "resources": ["clusters"], "verbs": _READ},
        {"apiGroups": ["infrastructure.cluster.x-k8s.io"], "resources": ["*"], "verbs": _READ},
    ]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules}


def _binding(meta: Object) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": _NAME},
        "subjects": [{"kind": "ServiceAccount", "name": _NAME, "namespace": meta["namespace"]}],
    }


def _deployment(cluster: str, meta: Object) -> Object:
    selected = {"app.kubernetes.io/name": _NAME}
    container = {
        "name": _NAME,
        "image": _IMAGE,
        "command": [
            "/cluster-autoscaler",
            "--cloud-provider=clusterapi",
            f"--kubeconfig={_KUBECONFIG}",
            "--clusterapi-cloud-config-authoritative",
            f"--node-group-auto-discovery=clusterapi:namespace={cluster},clusterName={cluster}",
            "--balance-similar-node-groups",
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "kubeconfig", "mountPath": "/kubeconfig", "readOnly": True}],
    }
    pod = {
        "serviceAccountName": _NAME,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "kubeconfig", "secret": {"secretName": f"{cluster}-kubeconfig"}}],
    }
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": selected},
        "template": {"metadata": {"labels": selected}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}
