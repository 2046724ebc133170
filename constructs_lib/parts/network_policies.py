"""Creates NetworkPolicies from the declared dependencies. All other traffic is denied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from constructs import Construct

from ..kubernetes import (
    LabelSelector,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
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
from .objects import Manifest

_POSTGRES = 5432


def network_policies(scope: Construct, specs: Sequence[ResolvedService]) -> None:
    """Add the policies of a service: one for its own traffic, and two for each service that it calls directly.

    A connection needs permission on both sides: egress at the caller and ingress at the service that it calls. The
    caller declares the dependency, so the caller's unit contains both policies. A service therefore does not change
    when it gets a new caller. Calls to routed services go through the internal gateway and need only egress to it.
    `specs` are the specs of the service's slots. The policies allow everything that one of them needs, so that
    traffic can shift without a change of policies.
    """
    resolved = specs[0]
    name = resolved.service.name
    ingress = [*_from_gateways(specs), *_from_prometheus(specs)]
    egress = [_to_dns(), *_to_gateway(specs), *_to_database(specs), *_to_outside(specs)]
    _policy(scope, resolved, name, selector(name), ingress, egress, ["Ingress", "Egress"])
    for callee, ports in _direct(specs):
        pods = [_peer(selector(callee.name), callee.namespace)]
        out: list[NetworkPolicyEgressRule] = [{"ports": _ports(ports), "to": pods}]
        _policy(scope, resolved, f"{name}-to-{callee.name}", selector(name), [], out, ["Egress"])
        caller = [_peer(selector(name), resolved.placement.namespace)]
        admitted: list[NetworkPolicyIngressRule] = [{"from": caller, "ports": _ports(ports)}]
        _policy(scope, resolved, f"{callee.name}-from-{name}", selector(callee.name), admitted, [], ["Ingress"])


def _policy(
    scope: Construct,
    resolved: ResolvedService,
    name: str,
    pods: dict[str, str],
    ingress: list[NetworkPolicyIngressRule],
    egress: list[NetworkPolicyEgressRule],
    types: list[Literal["Ingress", "Egress"]],
) -> None:
    spec = NetworkPolicySpec()
    if egress:
        spec["egress"] = egress
    if ingress:
        spec["ingress"] = ingress
    spec["podSelector"] = {"matchLabels": pods}
    spec["policyTypes"] = types
    Manifest(scope, "networking.k8s.io/v1", "NetworkPolicy", meta(resolved, name), spec=spec)


def _from_gateways(specs: Sequence[ResolvedService]) -> list[NetworkPolicyIngressRule]:
    ports = sorted({port.number for resolved in specs for port in resolved.service.routed})
    gateways = [INTERNAL] if ports else []
    gateways += [EXTERNAL] if any(resolved.service.external for resolved in specs) else []
    peers = [_peer(proxy_labels(gateway), ENVOY_SYSTEM) for gateway in gateways]
    return [{"from": peers, "ports": _ports(ports)}] if peers else []


def _from_prometheus(specs: Sequence[ResolvedService]) -> list[NetworkPolicyIngressRule]:
    ports = sorted({resolved.service.metrics.port for resolved in specs if resolved.service.metrics})
    peers = [_peer({"app.kubernetes.io/name": "prometheus"}, MONITORING)]
    return [{"from": peers, "ports": _ports(ports)}] if ports else []


def _to_dns() -> NetworkPolicyEgressRule:
    return {
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        "to": [_peer(DNS_LABEL, DNS_NAMESPACE)],
    }


def _to_gateway(specs: Sequence[ResolvedService]) -> list[NetworkPolicyEgressRule]:
    peers = [_peer(proxy_labels(INTERNAL), ENVOY_SYSTEM)]
    routed = any(call.routed for call in _calls(specs))
    return [{"ports": _ports([INTERNAL_PORT]), "to": peers}] if routed else []


def _to_database(specs: Sequence[ResolvedService]) -> list[NetworkPolicyEgressRule]:
    if not any(resolved.database for resolved in specs):
        return []
    peer = _peer({"cnpg.io/cluster": DATABASE_CLUSTER}, DATABASES)
    return [{"ports": _ports([_POSTGRES]), "to": [peer]}]


def _to_outside(specs: Sequence[ResolvedService]) -> list[NetworkPolicyEgressRule]:
    # Compare whole values: two specs may use one name for different addresses.
    found = dict.fromkeys(outside for resolved in specs for outside in resolved.service.outside)
    return [
        {"ports": _ports(outside.ports), "to": [{"ipBlock": {"cidr": cidr}} for cidr in outside.cidrs]}
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


def _peer(pods: dict[str, str], namespace: str) -> NetworkPolicyPeer:
    return {"namespaceSelector": _namespace(namespace), "podSelector": {"matchLabels": pods}}


def _namespace(name: str) -> LabelSelector:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def _ports(numbers: Iterable[int]) -> list[NetworkPolicyPort]:
    return [{"port": each, "protocol": "TCP"} for each in numbers]
