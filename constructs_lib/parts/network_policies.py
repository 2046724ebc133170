"""NetworkPolicies, both directions from the one declaration of dependencies. What nobody declared is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..values.resolved_service import Callee, ResolvedService
from .calls import Call, calls
from .labels import meta, selector
from .names import (
    DATABASE_CLUSTER,
    DATABASES,
    DNS_LABEL,
    DNS_NAMESPACE,
    ENVOY_SYSTEM,
    EXTERNAL,
    INTERNAL,
    INTERNAL_PORT,
    MONITORING,
    proxy_labels,
)
from .objects import number

_POSTGRES = 5432


def network_policies(scope: Construct, specs: Sequence[ResolvedService]) -> None:
    """The policies of a service: its own, and a pair for every service that it calls directly.

    `specs` are the specs of its slots; the policies are the union of what they need.
    """
    resolved = specs[0]
    name = resolved.service.name
    ingress = [*_from_gateways(specs), *_from_prometheus(specs)]
    egress = [_to_dns(), *_to_gateway(specs), *_to_database(specs), *_to_outside(specs)]
    _policy(scope, resolved, name, selector(name), ingress, egress, ["Ingress", "Egress"])
    for callee, ports in _direct(specs):
        pods = [_peer(selector(callee.name), callee.namespace)]
        out = [k8s.NetworkPolicyEgressRule(to=pods, ports=_ports(ports))]
        _policy(scope, resolved, f"{name}-to-{callee.name}", selector(name), [], out, ["Egress"])
        caller = [_peer(selector(name), resolved.placement.namespace)]
        admitted = [k8s.NetworkPolicyIngressRule(from_=caller, ports=_ports(ports))]
        _policy(scope, resolved, f"{callee.name}-from-{name}", selector(callee.name), admitted, [], ["Ingress"])


def _policy(
    scope: Construct,
    resolved: ResolvedService,
    name: str,
    pods: dict[str, str],
    ingress: list[k8s.NetworkPolicyIngressRule],
    egress: list[k8s.NetworkPolicyEgressRule],
    types: list[str],
) -> None:
    k8s.KubeNetworkPolicy(
        scope,
        f"NetworkPolicy-{name}",
        metadata=meta(resolved, name).typed(),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=pods),
            policy_types=types,
            ingress=ingress or None,
            egress=egress or None,
        ),
    )


def _from_gateways(specs: Sequence[ResolvedService]) -> list[k8s.NetworkPolicyIngressRule]:
    ports = sorted({port.number for resolved in specs for port in resolved.service.routed})
    gateways = [INTERNAL] if ports else []
    gateways += [EXTERNAL] if any(resolved.service.external for resolved in specs) else []
    peers = [_peer(proxy_labels(gateway), ENVOY_SYSTEM) for gateway in gateways]
    return [k8s.NetworkPolicyIngressRule(from_=peers, ports=_ports(ports))] if peers else []


def _from_prometheus(specs: Sequence[ResolvedService]) -> list[k8s.NetworkPolicyIngressRule]:
    ports = sorted({resolved.service.metrics.port for resolved in specs if resolved.service.metrics})
    peers = [_peer({"app.kubernetes.io/name": "prometheus"}, MONITORING)]
    return [k8s.NetworkPolicyIngressRule(from_=peers, ports=_ports(ports))] if ports else []


def _to_dns() -> k8s.NetworkPolicyEgressRule:
    ports = [k8s.NetworkPolicyPort(port=number(53), protocol=protocol) for protocol in ("UDP", "TCP")]
    return k8s.NetworkPolicyEgressRule(to=[_peer(DNS_LABEL, DNS_NAMESPACE)], ports=ports)


def _to_gateway(specs: Sequence[ResolvedService]) -> list[k8s.NetworkPolicyEgressRule]:
    peers = [_peer(proxy_labels(INTERNAL), ENVOY_SYSTEM)]
    routed = any(call.routed for call in _calls(specs))
    return [k8s.NetworkPolicyEgressRule(to=peers, ports=_ports([INTERNAL_PORT]))] if routed else []


def _to_database(specs: Sequence[ResolvedService]) -> list[k8s.NetworkPolicyEgressRule]:
    if not any(resolved.database for resolved in specs):
        return []
    peer = _peer({"cnpg.io/cluster": DATABASE_CLUSTER}, DATABASES)
    return [k8s.NetworkPolicyEgressRule(to=[peer], ports=_ports([_POSTGRES]))]


def _to_outside(specs: Sequence[ResolvedService]) -> list[k8s.NetworkPolicyEgressRule]:
    # By the whole value: two specs may mean other addresses by one name.
    found = dict.fromkeys(outside for resolved in specs for outside in resolved.service.outside)
    return [
        k8s.NetworkPolicyEgressRule(
            to=[k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr)) for cidr in outside.cidrs],
            ports=_ports(outside.ports),
        )
        for outside in found
    ]


def _calls(specs: Sequence[ResolvedService]) -> list[Call]:
    return [call for resolved in specs for call in calls(resolved)]


def _direct(specs: Sequence[ResolvedService]) -> list[tuple[Callee, list[int]]]:
    ports: dict[str, tuple[Callee, set[int]]] = {}
    for call in _calls(specs):
        if not call.routed:
            ports.setdefault(call.callee.name, (call.callee, set()))[1].add(call.port)
    return [(callee, sorted(numbers)) for _, (callee, numbers) in sorted(ports.items())]


def _peer(pods: dict[str, str], namespace: str) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(
        pod_selector=k8s.LabelSelector(match_labels=dict(pods)), namespace_selector=_namespace(namespace)
    )


def _namespace(name: str) -> k8s.LabelSelector:
    return k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})


def _ports(numbers: Iterable[int]) -> list[k8s.NetworkPolicyPort]:
    return [k8s.NetworkPolicyPort(port=number(each), protocol="TCP") for each in numbers]
