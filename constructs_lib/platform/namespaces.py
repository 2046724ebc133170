"""Creates the namespaces, each with the Pod Security Standard *restricted*."""

from __future__ import annotations

from constructs import Construct

from ..parts.names import DATABASES, ENVOY_SYSTEM, FLUX, GATEWAYS, MONITORING
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role

OPERATORS = ("cert-manager", "cnpg-system", "external-secrets")
_LEVEL = "restricted"


def namespaces(environment: Environment) -> list[str]:
    """Return all namespaces that the platform creates."""
    return [environment.namespace, DATABASES, ENVOY_SYSTEM, FLUX, GATEWAYS, MONITORING, *OPERATORS]


class Namespaces(Construct):
    """The namespaces of a cluster. Kubernetes refuses pods in them that do not meet the standard."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "namespaces")
        modes = {f"pod-security.kubernetes.io/{mode}": _LEVEL for mode in ("enforce", "warn", "audit")}
        for name in namespaces(environment):
            about = Meta(name, labels={"app.kubernetes.io/managed-by": "desired", **modes})
            Manifest(self, "v1", "Namespace", about)
