"""Network policies of the platform: everything is closed, and the gateways are opened."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

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
from ..parts.objects import Meta, number
from ..values.environment import Environment, Role

_XDS_PORT = 18000
_PROXY_METRICS_PORT = 19001


class ClosedByDefault(Construct):
    """Denies all traffic of the services' namespace and of the proxies, then admits what gateways are for.

    Services add what they declared. Callers of a routed service carry the label that the internal gateway admits.
    """

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "closed")
        both = ["Ingress", "Egress"]
        self._policy("deny-services", environment.namespace, {}, types=both)
        self._policy("deny-proxies", ENVOY_SYSTEM, {"app.kubernetes.io/managed-by": "envoy-gateway"}, types=both)
        callers = _peer(environment.namespace, {CALLS_GATEWAY_LABEL: INTERNAL})
        shifted = [port + PRIVILEGED_PORT_SHIFT for port in (HTTP_PORT, HTTPS_PORT)]
        self._gateway(environment, INTERNAL, [callers], [INTERNAL_PORT])
        self._gateway(environment, EXTERNAL, None, shifted)

    def _gateway(
        self, environment: Environment, gateway: str, callers: list[k8s.NetworkPolicyPeer] | None, ports: list[int]
    ) -> None:
        metrics = _peer(MONITORING, {"app.kubernetes.io/name": "prometheus"})
        self._policy(
            f"proxies-{gateway}",
            ENVOY_SYSTEM,
            proxy_labels(gateway),
            types=["Ingress", "Egress"],
            ingress=[
                k8s.NetworkPolicyIngressRule(from_=callers, ports=_ports(ports)),
                k8s.NetworkPolicyIngressRule(from_=[metrics], ports=_ports([_PROXY_METRICS_PORT])),
            ],
            egress=[
                k8s.NetworkPolicyEgressRule(to=[_peer(environment.namespace, {})]),
                k8s.NetworkPolicyEgressRule(
                    to=[_peer(ENVOY_SYSTEM, {"control-plane": "envoy-gateway"})], ports=_ports([_XDS_PORT])
                ),
                k8s.NetworkPolicyEgressRule(
                    to=[_peer(DNS_NAMESPACE, DNS_LABEL)],
                    ports=[k8s.NetworkPolicyPort(port=number(53), protocol=each) for each in ("UDP", "TCP")],
                ),
            ],
        )

    def _policy(
        self,
        name: str,
        namespace: str,
        pods: dict[str, str],
        *,
        types: list[str],
        ingress: list[k8s.NetworkPolicyIngressRule] | None = None,
        egress: list[k8s.NetworkPolicyEgressRule] | None = None,
    ) -> None:
        k8s.KubeNetworkPolicy(
            self,
            f"NetworkPolicy-{name}",
            metadata=Meta(name, namespace, {"app.kubernetes.io/managed-by": "desired"}).typed(),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels=pods or None),
                policy_types=types,
                ingress=ingress,
                egress=egress,
            ),
        )


def _peer(namespace: str, pods: dict[str, str]) -> k8s.NetworkPolicyPeer:
    selected = k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": namespace})
    chosen = k8s.LabelSelector(match_labels=dict(pods)) if pods else None
    return k8s.NetworkPolicyPeer(namespace_selector=selected, pod_selector=chosen)


def _ports(numbers: list[int]) -> list[k8s.NetworkPolicyPort]:
    return [k8s.NetworkPolicyPort(port=number(each), protocol="TCP") for each in numbers]
