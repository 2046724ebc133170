"""NetworkPolicies, both directions from the one declaration of dependencies. What nobody declared is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..environment import Callee, Placed
from ..names import (
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
from ..objects import number
from .labels import meta, selector

_POSTGRES = 5432


def network_policies(scope: Construct, specs: Sequence[Placed]) -> None:
    """The policies of a service: its own, and a pair for every service that it calls directly.

    `specs` are the specs of its slots; the policies are the union of what they need.
    """
    placed = specs[0]
    name = placed.service.name
    ingress = [*_from_gateways(specs), *_from_prometheus(specs)]
    egress = [_to_dns(), *_to_gateway(specs), *_to_database(specs), *_to_outside(specs)]
    _policy(scope, placed, name, selector(name), ingress, egress, ["Ingress", "Egress"])
    for callee, ports in _direct(specs):
        pods = [_peer(selector(callee.name), callee.namespace)]
        out = [k8s.NetworkPolicyEgressRule(to=pods, ports=_ports(ports))]
        _policy(scope, placed, f"{name}-to-{callee.name}", selector(name), [], out, ["Egress"])
        caller = [_peer(selector(name), placed.place.namespace)]
        admitted = [k8s.NetworkPolicyIngressRule(from_=caller, ports=_ports(ports))]
        _policy(scope, placed, f"{callee.name}-from-{name}", selector(callee.name), admitted, [], ["Ingress"])


def _policy(
    scope: Construct,
    placed: Placed,
    name: str,
    pods: dict[str, str],
    ingress: list[k8s.NetworkPolicyIngressRule],
    egress: list[k8s.NetworkPolicyEgressRule],
    types: list[str],
) -> None:
    k8s.KubeNetworkPolicy(
        scope,
        f"NetworkPolicy-{name}",
        metadata=meta(placed, name).typed(),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=pods),
            policy_types=types,
            ingress=ingress or None,
            egress=egress or None,
        ),
    )


def _from_gateways(specs: Sequence[Placed]) -> list[k8s.NetworkPolicyIngressRule]:
    ports = sorted({port.number for placed in specs for port in placed.service.routed})
    gateways = [INTERNAL] if ports else []
    gateways += [EXTERNAL] if any(placed.service.external for placed in specs) else []
    peers = [_peer(proxy_labels(gateway), ENVOY_SYSTEM) for gateway in gateways]
    return [k8s.NetworkPolicyIngressRule(from_=peers, ports=_ports(ports))] if peers else []


def _from_prometheus(specs: Sequence[Placed]) -> list[k8s.NetworkPolicyIngressRule]:
    ports = sorted({placed.service.metrics.port for placed in specs if placed.service.metrics})
    peers = [_peer({"app.kubernetes.io/name": "prometheus"}, MONITORING)]
    return [k8s.NetworkPolicyIngressRule(from_=peers, ports=_ports(ports))] if ports else []


def _to_dns() -> k8s.NetworkPolicyEgressRule:
    ports = [k8s.NetworkPolicyPort(port=number(53), protocol=protocol) for protocol in ("UDP", "TCP")]
    return k8s.NetworkPolicyEgressRule(to=[_peer(DNS_LABEL, DNS_NAMESPACE)], ports=ports)


def _to_gateway(specs: Sequence[Placed]) -> list[k8s.NetworkPolicyEgressRule]:
    called = [callee for callee, _, routed in _calls(specs) if routed]
    peers = [_peer(proxy_labels(INTERNAL), ENVOY_SYSTEM)]
    return [k8s.NetworkPolicyEgressRule(to=peers, ports=_ports([INTERNAL_PORT]))] if called else []


def _to_database(specs: Sequence[Placed]) -> list[k8s.NetworkPolicyEgressRule]:
    if not any(placed.database for placed in specs):
        return []
    peer = _peer({"cnpg.io/cluster": DATABASE_CLUSTER}, DATABASES)
    return [k8s.NetworkPolicyEgressRule(to=[peer], ports=_ports([_POSTGRES]))]


def _to_outside(specs: Sequence[Placed]) -> list[k8s.NetworkPolicyEgressRule]:
    found = {outside.name: outside for placed in specs for outside in placed.service.outside}
    return [
        k8s.NetworkPolicyEgressRule(
            to=[k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr)) for cidr in outside.cidrs],
            ports=_ports(outside.ports),
        )
        for outside in found.values()
    ]


def _calls(specs: Sequence[Placed]) -> list[tuple[Callee, int, bool]]:
    """Who is called, at which port, and whether through the gateway; the collector is called too."""
    found: list[tuple[Callee, int, bool]] = []
    for placed in specs:
        named = [(each.service, each.port) for each in placed.service.depends_on]
        collector = placed.place.collector
        if placed.service.telemetry and collector and collector != placed.service.name:
            named.append((collector, "grpc"))
        for name, port_name in named:
            callee = placed.callees.get(name)
            port = next((each for each in callee.ports if port_name in (None, each[0])), None) if callee else None
            if callee and port:
                found.append((callee, port[1], port[0] in callee.routed))
    return found


def _direct(specs: Sequence[Placed]) -> list[tuple[Callee, list[int]]]:
    ports: dict[str, tuple[Callee, set[int]]] = {}
    for callee, number_, routed in _calls(specs):
        if not routed:
            ports.setdefault(callee.name, (callee, set()))[1].add(number_)
    return [(callee, sorted(numbers)) for _, (callee, numbers) in sorted(ports.items())]


def _peer(pods: dict[str, str], namespace: str) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(
        pod_selector=k8s.LabelSelector(match_labels=dict(pods)), namespace_selector=_namespace(namespace)
    )


def _namespace(name: str) -> k8s.LabelSelector:
    return k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})


def _ports(numbers: Iterable[int]) -> list[k8s.NetworkPolicyPort]:
    return [k8s.NetworkPolicyPort(port=number(each), protocol="TCP") for each in numbers]
