"""The evaluator of network policies, by Kubernetes' own words."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.facts import RuleFacts
from constructs_lib.rules.policies import Policies
from constructs_lib.rules.unit import UnitView
from constructs_lib.rules.workloads import Pods

CALLER = Pods("caller", "apps", {"app.kubernetes.io/name": "caller", "role": "front"})
STRANGER = Pods("stranger", "other", {"app.kubernetes.io/name": "caller", "role": "front"})
CALLEE = Pods("callee", "apps", {"app.kubernetes.io/name": "callee"}, {"http": 8080})
SELECT_CALLEE = {"matchLabels": {"app.kubernetes.io/name": "callee"}}
FROM_CALLER = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "caller"}}}


def policies(*specs: dict[str, Any]) -> Policies:
    made = [
        {"kind": "NetworkPolicy", "metadata": {"name": f"p{number}", "namespace": "apps"}, "spec": spec}
        for number, spec in enumerate(specs)
    ]
    namespace = {"kind": "Namespace", "metadata": {"name": "other", "labels": {"team": "b"}}}
    return Policies(UnitView(RuleFacts(objects=[*made, namespace])))


def ingress(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"podSelector": SELECT_CALLEE, "policyTypes": ["Ingress"], "ingress": list(rules), **more}


def test_a_pod_without_a_policy_is_open() -> None:
    assert policies().blocked(CALLER, CALLEE, 8080) == []
    assert not policies().closed(CALLEE, "ingress")


def test_a_policy_that_selects_a_pod_closes_it_in_its_direction_only() -> None:
    made = policies(ingress())
    assert made.blocked(CALLER, CALLEE, 8080) == ["ingress to callee is blocked"]
    assert made.blocked(CALLEE, CALLER, 8080) == []


def test_a_policy_selects_no_pods_of_another_namespace() -> None:
    made = policies({"podSelector": {}, "policyTypes": ["Ingress"]})
    assert not made.closed(STRANGER, "ingress")
    assert made.closed(CALLER, "ingress")


def test_a_connection_needs_both_ends_open() -> None:
    out = {"podSelector": FROM_CALLER["podSelector"], "policyTypes": ["Egress"]}
    assert policies(ingress(), out).blocked(CALLER, CALLEE, 8080) == [
        "egress from caller is blocked",
        "ingress to callee is blocked",
    ]


def test_policies_add_up() -> None:
    assert policies(ingress(), ingress({"from": [FROM_CALLER]})).blocked(CALLER, CALLEE, 8080) == []


def test_an_egress_rule_implies_the_direction() -> None:
    made = policies({"podSelector": FROM_CALLER["podSelector"], "egress": [{"ports": [{"port": 53}]}]})
    assert made.closed(CALLER, "egress")
    assert made.closed(CALLER, "ingress")


def test_a_policy_without_an_egress_rule_implies_ingress_only() -> None:
    made = policies({"podSelector": FROM_CALLER["podSelector"]})
    assert not made.closed(CALLER, "egress")
    assert made.closed(CALLER, "ingress")


PEERS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "labels alone mean the policy's own namespace": (FROM_CALLER, True, False),
    "a namespace by its name": (
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}, False, True,
    ),
    "a namespace by a label of its own": ({"namespaceSelector": {"matchLabels": {"team": "b"}}}, False, True),
    "every namespace": ({"namespaceSelector": {}, **FROM_CALLER}, True, True),
    "other labels": ({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "third"}}}, False, False),
    "a label that is not the service's": ({"podSelector": {"matchLabels": {"role": "front"}}}, True, False),
    "an expression that holds": (
        {"podSelector": {"matchExpressions": [{"key": "role", "operator": "In", "values": ["front", "back"]}]}},
        True, False,
    ),
    "an expression that does not hold": (
        {"podSelector": {"matchExpressions": [{"key": "role", "operator": "DoesNotExist"}]}}, False, False,
    ),
    "an address block admits no pod": ({"ipBlock": {"cidr": "0.0.0.0/0"}}, False, False),
}  # fmt: skip


@pytest.mark.parametrize(("peer", "own", "foreign"), PEERS.values(), ids=PEERS)
def test_a_peer_is_chosen_by_labels_and_namespace(peer: dict[str, Any], own: bool, foreign: bool) -> None:
    made = policies(ingress({"from": [peer]}))
    assert (made.blocked(CALLER, CALLEE, 8080) == []) == own
    assert (made.blocked(STRANGER, CALLEE, 8080) == []) == foreign


PORTS: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "no ports are all ports": ([], True),
    "the number": ([{"port": 8080}], True),
    "another number": ([{"port": 8081}], False),
    "the name that the pod gives it": ([{"port": "http"}], True),
    "a name that the pod does not have": ([{"port": "grpc"}], False),
    "within a range": ([{"port": 8000, "endPort": 9000}], True),
    "above a range": ([{"port": 8000, "endPort": 8079}], False),
    "another protocol": ([{"port": 8080, "protocol": "UDP"}], False),
    "all ports of the protocol": ([{"protocol": "TCP"}], True),
    "one of several": ([{"port": 1}, {"port": 8080}], True),
}


@pytest.mark.parametrize(("ports", "admitted"), PORTS.values(), ids=PORTS)
def test_a_port_is_allowed_by_number_name_range_and_protocol(ports: list[dict[str, Any]], admitted: bool) -> None:
    for rule in ({"from": [FROM_CALLER], "ports": ports}, {"ports": ports}):
        assert (policies(ingress(rule)).blocked(CALLER, CALLEE, 8080) == []) == admitted
