"""Rules about the network bite: each defect, planted in policies that break no rule, is found by one of them alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib import Dependency
from constructs_lib.testing import Object
from tests.support.planted import API, Planted, cluster, found_by, rules_of

Plant = Callable[[Planted], object]


def policy(it: Planted, name: str) -> Object:
    found: Object = it.one("NetworkPolicy", name)["spec"]
    return found


def egress(it: Planted, name: str, port: int) -> Object:
    """The egress rule of a policy for one port."""
    found: Object = next(rule for rule in policy(it, name)["egress"] if rule["ports"][0]["port"] == port)
    return found


def take_out_egress(it: Planted, name: str, port: int) -> None:
    policy(it, name)["egress"].remove(egress(it, name, port))


def from_prometheus(it: Planted, name: str) -> Object:
    found: Object = next(
        rule for rule in policy(it, name)["ingress"] if "prometheus" in str(rule["from"][0]["podSelector"])
    )
    return found


def pods(it: Planted, name: str) -> Object:
    found: Object = it.one("Deployment", name)["spec"]["template"]["metadata"]["labels"]
    return found


def let_the_mailer_in(it: Planted) -> None:
    """As `api` may send to the gateway, and is admitted by it."""
    pods(it, "mailer")["desired.dev/calls-gateway"] = "internal"
    policy(it, "mailer")["egress"].append(egress(it, "web", 8080))


def open_the_ingress_of_nightly(it: Planted) -> None:
    it.take_out("NetworkPolicy", "deny-services")
    policy(it, "nightly").update(policyTypes=["Egress"])


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "a service that does not admit the gateway": (
        "gateway-reaches-backends", "api", "ingress to api-blue is blocked",
        lambda it: policy(it, "api").pop("ingress"),
    ),
    "a service that admits the gateway at another port": (
        "gateway-reaches-backends", "rpc", "on port 9000",
        lambda it: policy(it, "rpc")["ingress"][0].update(ports=[{"port": 9001}]),
    ),
    "proxies that may not send": (
        "gateway-reaches-backends", "web", "egress from the external gateway is blocked",
        lambda it: policy(it, "proxies-external")["egress"].pop(0),
    ),
    "a caller that may not send to the gateway": (
        "callers-reach-gateway", "nightly", "depends on api", lambda it: take_out_egress(it, "nightly", 8080),
    ),
    "a caller without the label": (
        "callers-reach-gateway", "web", "ingress to the internal gateway is blocked",
        lambda it: pods(it, "web-blue").pop("desired.dev/calls-gateway"),
    ),
    "a gateway that is open to one who depends on nobody behind it": (
        "only-callers-reach-gateway", "mailer", "can reach all of them", let_the_mailer_in,
    ),
    "a caller that may not send": (
        "callers-reach-dependencies", "mailer", "egress from mailer is blocked",
        lambda it: policy(it, "mailer-to-store")["egress"][0].update(ports=[{"port": 1}]),
    ),
    "a dependency that does not admit its caller": (
        "callers-reach-dependencies", "mailer", "ingress to store is blocked",
        lambda it: policy(it, "store-from-mailer").pop("ingress"),
    ),
    "a collector that does not admit a sender": (
        "callers-reach-dependencies", "api", "reach it on port 4317",
        lambda it: it.take_out("NetworkPolicy", "collector-from-api"),
    ),
    "metrics that nobody can read": (
        "prometheus-reaches-metrics", "web", "on port 8080",
        lambda it: policy(it, "web")["ingress"].remove(from_prometheus(it, "web")),
    ),
    "metrics of pods that nobody can read": (
        "prometheus-reaches-metrics", "collector", "on port 8888",
        lambda it: from_prometheus(it, "collector").update(ports=[{"port": 4317}]),
    ),
    "no names": ("pods-reach-dns", "rpc", "UDP and TCP", lambda it: take_out_egress(it, "rpc", 53)),
    "names by UDP only": ("pods-reach-dns", "rpc", "server over TCP", lambda it: egress(it, "rpc", 53)["ports"].pop(1)),
    "a database out of reach": (
        "pods-reach-their-database", "api", "its database", lambda it: take_out_egress(it, "api", 5432),
    ),
    "a policy of nobody": (
        "policy-selects-pods", "web", "web-again selects no pods",
        lambda it: it.twin("NetworkPolicy", "web", "web-again")["spec"].update(
            podSelector={"matchLabels": {"app.kubernetes.io/name": "gone"}}
        ),
    ),
    "pods that no policy closes": (
        "pods-are-closed", "nightly", "restricts the ingress",
        open_the_ingress_of_nightly,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_the_network_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("network")


def test_a_service_without_any_policy_is_open(planted: Planted) -> None:
    planted.take_out("NetworkPolicy", "deny-services")
    planted.take_out("NetworkPolicy", "nightly")
    planted.take_out("NetworkPolicy", "nightly-to-collector")
    sentences = [each.sentence for each in planted.findings() if each.rule == "pods-are-closed"]
    assert [sentence.split(" of ")[0] for sentence in sentences] == [
        "nightly: no network policy restricts the ingress",
        "nightly: no network policy restricts the egress",
    ]


def test_the_next_version_may_call_a_service_that_the_stable_one_does_not() -> None:
    calls_rpc = API.model_copy(update={"depends_on": (Dependency(service="rpc"),)})
    rollout = cluster(candidate=calls_rpc, share=40)
    assert rollout.findings() == []
    pods(rollout, "api-green").pop("desired.dev/calls-gateway")
    assert found_by(rollout, "api-green depends on rpc") == {("callers-reach-gateway", "api")}


def test_the_ops_cluster_breaks_no_rule() -> None:
    assert cluster(role="ops").findings() == []
