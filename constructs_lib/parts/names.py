"""Names on which several objects, or several programs, must agree. Each stands here once."""

from __future__ import annotations

PREFIX = "desired.dev"
SERVICE_LABEL = "app.kubernetes.io/name"
SLOT_LABEL = f"{PREFIX}/slot"
CALLS_GATEWAY_LABEL = f"{PREFIX}/calls-gateway"

GATEWAY_CLASS = "envoy"
GATEWAYS = "gateways"
"""Namespace of the Gateway objects."""
ENVOY_SYSTEM = "envoy-gateway-system"
"""Namespace of the proxy pods, where Envoy Gateway puts them."""
INTERNAL, EXTERNAL = "internal", "external"
"""Names of the two Gateways, and of the Services of their proxies."""
INTERNAL_PORT = 8080
HTTPS_PORT, HTTP_PORT = 443, 80
PRIVILEGED_PORT_SHIFT = 10_000
"""Envoy Gateway moves a listener's port below 1024 up by this in the pod; NetworkPolicy sees the pod's."""

DATABASES = "databases"
DATABASE_CLUSTER = "postgres"
DATABASE_STORE = "databases"
"""Name of the ClusterSecretStore that hands the databases' passwords to the services."""
SECRET_STORE = "vault"
MONITORING = "monitoring"
FLUX = "flux-system"
DNS_NAMESPACE, DNS_LABEL = "kube-system", {"k8s-app": "kube-dns"}
TIER_NODE_LABEL = "node.cluster.x-k8s.io/tier-{tier}"
"""On the nodes of the pools that draw services of a tier. Cluster API hands labels of this domain on to nodes."""
PRIORITY = {1: "tier-1", 2: "tier-2", 3: "tier-3"}


def proxy_labels(gateway: str) -> dict[str, str]:
    """The labels by which the proxy pods of a Gateway are selected. Source: Envoy Gateway's proxy infrastructure."""
    return {
        "gateway.envoyproxy.io/owning-gateway-name": gateway,
        "gateway.envoyproxy.io/owning-gateway-namespace": GATEWAYS,
    }


def slot_name(service: str, slot: str) -> str:
    """The name of a slot's objects: `checkout-blue`; without a slot, the service's own."""
    return f"{service}-{slot}" if slot else service


def inside_hosts(service: str, namespace: str) -> list[str]:
    """The host names under which callers inside reach a routed service."""
    return [f"{service}.{namespace}{tail}" for tail in ("", ".svc", ".svc.cluster.local")]


def database_secret(service: str) -> str:
    """The Secret with the address and password of a service's database."""
    return f"{service}-database"
