"""Names on which several objects or programs must agree. Each is defined here once."""

from __future__ import annotations

PREFIX = "desired.dev"
SERVICE_LABEL = "app.kubernetes.io/name"
SLOT_LABEL = f"{PREFIX}/slot"
CALLS_GATEWAY_LABEL = f"{PREFIX}/calls-gateway"

GATEWAY_CLASS = "envoy"
GATEWAYS = "gateways"
"""The namespace of the Gateway objects."""
ENVOY_SYSTEM = "envoy-gateway-system"
"""The namespace in which Envoy Gateway runs the proxy pods."""
INTERNAL, EXTERNAL = "internal", "external"
"""The names of the two Gateways and of the Services of their proxies."""
INTERNAL_PORT = 8080
HTTPS_PORT, HTTP_PORT = 443, 80
PRIVILEGED_PORT_SHIFT = 10_000
"""Envoy Gateway adds this to listener ports below 1024. NetworkPolicies need the resulting port of the pod."""

DATABASES = "databases"
DATABASE_CLUSTER = "postgres"
DATABASE_STORE = "databases"
"""The name of the ClusterSecretStore from which services get the passwords of their databases."""
SECRET_STORE = "vault"
MONITORING = "monitoring"
FLUX = "flux-system"
DNS_NAMESPACE, DNS_LABEL = "kube-system", {"k8s-app": "kube-dns"}
TIER_NODE_LABEL = "node.cluster.x-k8s.io/tier-{tier}"
"""The label of nodes that services of a tier prefer. Cluster API copies labels of this domain to nodes."""
PRIORITY = {1: "tier-1", 2: "tier-2", 3: "tier-3"}


def proxy_labels(gateway: str) -> dict[str, str]:
    """Return the labels that select the proxy pods of a Gateway. Source: Envoy Gateway's proxy infrastructure."""
    return {
        "gateway.envoyproxy.io/owning-gateway-name": gateway,
        "gateway.envoyproxy.io/owning-gateway-namespace": GATEWAYS,
    }


def slot_name(service: str, slot: str) -> str:
    """Return the name of a slot's objects, such as `checkout-blue`. Without a slot, it is the name of the service."""
    return f"{service}-{slot}" if slot else service


def inside_hosts(service: str, namespace: str) -> list[str]:
    """Return the host names under which callers in the cluster reach a routed service."""
    return [f"{service}.{namespace}{tail}" for tail in ("", ".svc", ".svc.cluster.local")]


def database_secret(service: str) -> str:
    """Return the name of the Secret with the address and password of a service's database."""
    return f"{service}-database"
