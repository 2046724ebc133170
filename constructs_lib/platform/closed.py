"""Creates the network policies of the platform: they deny all traffic, then allow that of the gateways."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from ..kubernetes import (
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from ..parts.names import (
    CALLS_GATEWAY_LABEL,
    DNS_LABEL,
    DNS_NAMESPACE,
    ENVOY_SYSTEM,
    EXTERNAL,
    HTTP_PORT,
    HTTPS_PORT,
    INTERNAL,
    INTERNAL_PORT,
    MONITORING,
    PRIVILEGED_PORT_SHIFT,
    proxy_labels,
)
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role

_XDS_PORT = 18000
_PROXY_METRICS_PORT = 19001


class ClosedByDefault(Construct):
    """Denies all traffic of the services' namespace and of the proxies, then allows the traffic of the gateways.

    Each service adds policies for its declared dependencies. The internal gateway accepts only pods with the label
    for its callers.
    """

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "closed")
        self._policy("deny-services", environment.namespace, {})
        self._policy("deny-proxies", ENVOY_SYSTEM, {"app.kubernetes.io/managed-by": "envoy-gateway"})
        callers = _peer(environment.namespace, {CALLS_GATEWAY_LABEL: INTERNAL})
        shifted = [port + PRIVILEGED_PORT_SHIFT for port in (HTTP_PORT, HTTPS_PORT)]
        self._gateway(environment, INTERNAL, {"from": [callers], "ports": _ports([INTERNAL_PORT])})
        self._gateway(environment, EXTERNAL, {"ports": _ports(shifted)})

    def _gateway(self, environment: Environment, gateway: str, callers: NetworkPolicyIngressRule) -> None:
        metrics = _peer(MONITORING, {"app.kubernetes.io/name": "prometheus"})
        control_plane = _peer(ENVOY_SYSTEM, {"control-plane": "envoy-gateway"})
        dns: list[NetworkPolicyPort] = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
        self._policy(
            f"proxies-{gateway}",
            ENVOY_SYSTEM,
            proxy_labels(gateway),
            ingress=[callers, {"from": [metrics], "ports": _ports([_PROXY_METRICS_PORT])}],
            egress=[
                {"to": [_peer(environment.namespace, {})]},
                {"ports": _ports([_XDS_PORT]), "to": [control_plane]},
                {"ports": dns, "to": [_peer(DNS_NAMESPACE, DNS_LABEL)]},
            ],
        )

    def _policy(
        self,
        name: str,
        namespace: str,
        pods: dict[str, str],
        *,
        ingress: Sequence[NetworkPolicyIngressRule] = (),
        egress: Sequence[NetworkPolicyEgressRule] = (),
    ) -> None:
        spec = NetworkPolicySpec()
        if egress:
            spec["egress"] = egress
        if ingress:
            spec["ingress"] = ingress
        spec["podSelector"] = {"matchLabels": pods} if pods else {}
        spec["policyTypes"] = ["Ingress", "Egress"]
        about = Meta(name, namespace, {"app.kubernetes.io/managed-by": "desired"})
        Manifest(self, "networking.k8s.io/v1", "NetworkPolicy", about, spec=spec)


def _peer(namespace: str, pods: dict[str, str]) -> NetworkPolicyPeer:
    peer: NetworkPolicyPeer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    if pods:
        peer["podSelector"] = {"matchLabels": pods}
    return peer


def _ports(numbers: list[int]) -> list[NetworkPolicyPort]:
    return [{"port": each, "protocol": "TCP"} for each in numbers]
