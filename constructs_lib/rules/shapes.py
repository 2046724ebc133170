"""Whether objects, after all patches, have the structure that the other rules read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..values.data import Json
from .rule import Found
from .unit import UnitView

Shape = Any
"""A type, a tuple of types, a list of one shape, or a mapping of fields; `name!` must be given, `*` is any field."""

_NUMBER_OR_TEXT = (int, str)
_TEXTS = {"*": str}
_SELECTOR = {"matchLabels": _TEXTS, "matchExpressions": [{"key!": str, "operator!": str, "values": [str]}]}
_REFERENCE = {"name": str, "key": str, "optional": bool}
_SECURITY = {"runAsUser": int, "runAsGroup": int, "capabilities": {"drop": [str], "add": [str]},
             "seccompProfile": {"type": str}}  # fmt: skip
_PROBE = {"httpGet": {"port!": _NUMBER_OR_TEXT}, "tcpSocket": {"port!": _NUMBER_OR_TEXT}, "grpc": {"port!": int},
          "exec": {"command": [str]}}  # fmt: skip
_CONTAINER = {
    "name!": str,
    "image": str,
    "restartPolicy": str,
    "command": [str],
    "args": [str],
    "env": [
        {
            "name!": str,
            "value": str,
            "valueFrom": {"configMapKeyRef": _REFERENCE, "secretKeyRef": _REFERENCE},
        }
    ],
    "envFrom": [{"configMapRef": _REFERENCE, "secretRef": _REFERENCE}],
    "ports": [{"name": str, "containerPort!": int, "protocol": str, "hostPort": int}],
    "resources": {"requests": {"*": _NUMBER_OR_TEXT}, "limits": {"*": _NUMBER_OR_TEXT}},
    "volumeMounts": [{"name!": str, "mountPath!": str}],
    "securityContext": _SECURITY,
    "lifecycle": {"preStop": {"sleep": {"seconds": int}}},
    "readinessProbe": _PROBE,
    "livenessProbe": _PROBE,
    "startupProbe": _PROBE,
}
_VOLUME = {
    "name!": str,
    "configMap": {**_REFERENCE, "items": [{"key!": str}]},
    "secret": {"secretName": str, "optional": bool, "items": [{"key!": str}]},
    "persistentVolumeClaim": {"claimName!": str},
    "projected": {"sources": [{"configMap": _REFERENCE, "secret": _REFERENCE}]},
}
_POD = {
    "containers!": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "securityContext": _SECURITY,
    "serviceAccountName": str,
    "priorityClassName": str,
    "terminationGracePeriodSeconds": int,
    "imagePullSecrets": [{"name!": str}],
}
_METADATA = {"name!": str, "namespace": str, "labels": _TEXTS, "annotations": _TEXTS}
_TEMPLATE = {"metadata": {"labels": _TEXTS, "annotations": _TEXTS}, "spec!": _POD}
_WORKLOAD = {
    "spec!": {
        "replicas": int,
        "serviceName": str,
        "selector": _SELECTOR,
        "template!": _TEMPLATE,
        "strategy": {"rollingUpdate": {"maxSurge": _NUMBER_OR_TEXT}},
        "volumeClaimTemplates": [{"metadata!": {"name!": str}, "spec": {"resources": {"requests": {"*": str}}}}],
    }
}
_PEER = {"podSelector": _SELECTOR, "namespaceSelector": _SELECTOR, "ipBlock": {"cidr!": str}}
_POLICY_PORT = {"port": _NUMBER_OR_TEXT, "endPort": int, "protocol": str}
_BACKEND = {"name!": str, "namespace": str, "port": int, "weight": int, "kind": str}
_ROUTE = {
    "spec!": {
        "parentRefs": [{"name!": str, "namespace": str, "sectionName": str}],
        "hostnames": [str],
        "rules": [
            {
                "matches": [
                    {
                        "path": {"type": str, "value": str},
                        "headers": [{"name!": str, "value!": str}],
                        "queryParams": [{"name!": str, "value!": str}],
                        "method": (str, dict),
                    }
                ],
                "backendRefs": [_BACKEND],
                "filters": [{"requestMirror": {"backendRef": _BACKEND}}],
            }
        ],
    }
}
_ENTRY = {"key!": str, "property": str}
_STORE = {"spec!": {"conditions": [{"namespaces": [str]}]}}
_SHAPES: dict[str, Shape] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), _WORKLOAD),
    "CronJob": {"spec!": {"jobTemplate!": {"spec!": {"template!": _TEMPLATE}}}},
    "Pod": {"spec!": _POD},
    "Service": {
        "spec!": {
            "selector": _TEXTS,
            "externalName": str,
            "ports": [{"name": str, "port!": int, "targetPort": _NUMBER_OR_TEXT}],
        }
    },
    "ConfigMap": {"data": _TEXTS, "binaryData": _TEXTS},
    "NetworkPolicy": {
        "spec!": {
            "podSelector!": _SELECTOR,
            "policyTypes": [str],
            "ingress": [{"from": [_PEER], "ports": [_POLICY_PORT]}],
            "egress": [{"to": [_PEER], "ports": [_POLICY_PORT]}],
        }
    },
    "HTTPRoute": _ROUTE,
    "GRPCRoute": _ROUTE,
    "Gateway": {
        "spec!": {
            "gatewayClassName!": str,
            "listeners!": [
                {
                    "name!": str,
                    "port!": int,
                    "protocol!": str,
                    "hostname": str,
                    "allowedRoutes": {"namespaces": {"from": str, "selector": _SELECTOR}, "kinds": [{"kind!": str}]},
                    "tls": {"certificateRefs": [{"name!": str, "namespace": str}]},
                }
            ],
        }
    },
    "HorizontalPodAutoscaler": {
        "spec!": {
            "scaleTargetRef!": {"kind!": str, "name!": str},
            "minReplicas": int,
            "maxReplicas!": int,
            "metrics": [{"type!": str}],
        }
    },
    "PodDisruptionBudget": {
        "spec!": {"selector": _SELECTOR, "minAvailable": _NUMBER_OR_TEXT, "maxUnavailable": _NUMBER_OR_TEXT}
    },
    "ExternalSecret": {
        "spec!": {
            "secretStoreRef": {"name!": str, "kind": str},
            "target": {"name": str},
            "data": [{"secretKey!": str, "remoteRef!": _ENTRY}],
            "dataFrom": [{"extract": _ENTRY}],
        }
    },
    "ClusterSecretStore": _STORE,
    "SecretStore": _STORE,
    "OCIRepository": {"spec!": {"ref": {"digest": str}}},
    "ServiceMonitor": {"spec!": {"selector!": _SELECTOR, "endpoints!": [{"port": str}]}},
    "PodMonitor": {"spec!": {"selector!": _SELECTOR, "podMetricsEndpoints!": [{"port": str, "portNumber": int}]}},
    "ResourceQuota": {"spec!": {"hard!": {"*": _NUMBER_OR_TEXT}}},
    "RoleBinding": {
        "roleRef!": {"kind!": str, "name!": str},
        "subjects": [{"kind!": str, "name!": str, "namespace": str}],
    },
    "BackendTrafficPolicy": {"spec!": {"targetRefs": [{"kind!": str, "name!": str}]}},
}


def well_formed(unit: UnitView) -> Found:
    """Every object has the structure that Kubernetes requires. Only a patch can break it; then no other rule runs."""
    for each in unit.objects:
        metadata = each.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        about = unit.spec.get("owner") or f"{each.get('kind')}/{name}"
        shape = {"kind!": str, "apiVersion!": str, "metadata!": _METADATA, **_SHAPES.get(str(each.get("kind")), {})}
        for wrong in _faults(each, shape, ""):
            yield about, f"{each.get('kind')} {name} is malformed: {wrong}; correct it"


def _faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield _wrong(path, "a list", value)
            return
        for place, item in enumerate(value):
            yield from _faults(item, shape[0], f"{path}.{place}")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield _wrong(path, "a mapping", value)
            return
        yield from _faults_of_fields(value, shape, path)
    elif not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
        yield _wrong(path, _words(shape), value)


def _faults_of_fields(value: Json, shape: dict[str, Shape], path: str) -> Iterator[str]:
    for key, inner in shape.items():
        if key == "*":
            for field, item in value.items():
                yield from _faults(item, inner, f"{path}.{field}")
        elif key[-1] == "!":
            if key[:-1] not in value:
                yield f"{path.lstrip('.') or 'it'} has no {key[:-1]}"
            else:
                yield from _faults(value[key[:-1]], inner, f"{path}.{key[:-1]}")
        elif key in value:
            yield from _faults(value[key], inner, f"{path}.{key}")


def _words(shape: type | tuple[type, ...]) -> str:
    words = {int: "a whole number", str: "a string", bool: "true or false", dict: "a mapping"}
    return " or ".join(words[each] for each in (shape if isinstance(shape, tuple) else (shape,)))


def _wrong(path: str, asked: str, value: object) -> str:
    return f"{path.lstrip('.') or 'it'} must be {asked}, got {str(value)[:60]!r}"
