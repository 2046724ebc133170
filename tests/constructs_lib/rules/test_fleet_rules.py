"""Rules about the fleet bite: dependencies that cannot be, and more than a cluster can hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib import Claim, Container, Resources, Scale, Service
from constructs_lib.rules.facts import DeclaredService
from constructs_lib.testing import Object
from constructs_lib.values import Schedule
from tests.support.fleet import IMAGE, environment, service, worker
from tests.support.planted import Planted, cluster, found_by, rules_of

Plant = Callable[[Planted], object]


def depends(it: Planted, name: str, on: str, **more: str) -> Object:
    """One more dependency, as far as rules about the graph see it."""
    said: Object = {"service": on, "port": None, "env": {}, "cycle": None, "upward": None, **more}
    it.declared(name)["depends_on"].append(said)
    return said


def depend_on_nothing(it: Planted, name: str) -> DeclaredService:
    declared = it.declared(name)
    declared["depends_on"] = []
    return declared


def quota(it: Planted, **hard: str) -> None:
    it.one("ResourceQuota", "services")["spec"]["hard"] = {name.replace("_", "."): each for name, each in hard.items()}


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "a dependency that does not run": (
        "dependency-runs", "api", "depends on gone", lambda it: depends(it, "api", "gone"),
    ),
    "a port that the dependency has not": (
        "dependency-runs", "api", "'admin' of rpc, which has grpc", lambda it: depends(it, "api", "rpc", port="admin"),
    ),
    "a dependency without a port": (
        "dependency-runs", "api", "which has no port", lambda it: depends(it, "api", "mailer"),
    ),
    "a circle of two": (
        "no-circles", "api", "api → rpc → api", lambda it: (depends(it, "api", "rpc"), depends(it, "rpc", "api")),
    ),
    "a circle of three": (
        "no-circles", "api", "api → rpc → store → api",
        lambda it: (depends(it, "api", "rpc"), depends(it, "rpc", "store"), depends(it, "store", "api")),
    ),
    "an inside service that leans on an outside one": (
        "not-upward", "api", "depends on web",
        lambda it: (depends(it, "api", "web"), depend_on_nothing(it, "web")),
    ),
    "a patch of a kind that it does not have": (
        "patch-fits", "api", "the patch of CronJob at /spec/suspend matches none",
        lambda it: it.declared("api")["patches"].append(["CronJob", None, "/spec/suspend"]),
    ),
    "a patch of a name that it does not have": (
        "patch-fits", "api", "the patch of Service ipa at /spec/x matches none",
        lambda it: it.declared("api")["patches"].append(["Service", "ipa", "/spec/x"]),
    ),
    "too little memory": (
        "quota-fits-two-sets", "ResourceQuota/services", "limits.memory",
        lambda it: quota(it, limits_memory="64Mi"),
    ),
    "too few pods": ("quota-fits-two-sets", "ResourceQuota/services", "pods", lambda it: quota(it, pods="10")),
    "too little space": (
        "quota-fits-two-sets", "ResourceQuota/services", "need requests.storage 2048Mi",
        lambda it: quota(it, requests_storage="1Gi"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_the_fleet_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("fleet")


ALLOWED: dict[str, Plant] = {
    "a circle with a reason": lambda it: (
        depends(it, "api", "rpc"),
        depends(it, "rpc", "api", cycle="It only asks for a name."),
    ),
    "a way out with a reason": lambda it: (
        depends(it, "api", "web", upward="It plays a customer."),
        depend_on_nothing(it, "web"),
    ),
    "a dependency among inside services": lambda it: depends(it, "rpc", "api"),
    "a limit of what nothing needs": lambda it: quota(it, configmaps="1"),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_an_allowed_change_breaks_no_rule(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []


def test_every_circle_is_named(planted: Planted) -> None:
    for caller, callee in (("api", "rpc"), ("rpc", "api"), ("store", "mailer"), ("mailer", "store")):
        depends(planted, caller, callee, port="x" if callee == "mailer" else "")
    circles = [each.sentence for each in planted.findings() if each.rule == "no-circles"]
    assert [sentence.split(";")[0] for sentence in circles] == [
        "api: depends on itself: api → rpc → api",
        "mailer: depends on itself: mailer → store → mailer",
    ]


def first_number(sentence: str) -> str:
    return next(word for word in sentence.split() if word[0].isdigit())


def needed(it: Planted, name: str) -> str:
    """How much of one thing the whole cluster needs, as the finding says it."""
    quota(it, **{name: "1m"})
    (finding,) = it.findings()
    return first_number(finding.sentence)


SMALL = service("small", scale=Scale.fixed(1))


@pytest.mark.parametrize(
    ("name", "made", "expected"),
    [
        ("a slot counts twice, with one pod more for its update", SMALL, "4"),
        ("an autoscaled one counts at its peak", service("small", scale=Scale.between(1, 8)), "20"),
        ("a worker counts once", worker("small", scale=Scale.fixed(1)), "2"),
        ("a job counts once", worker("small", schedule=Schedule(cron="@daily")), "1"),
        (
            "a stateful one counts once, and is not surged",
            service("small", claims=(Claim(name="a", path="/a", size="1Gi"),), scale=Scale.fixed(3)),
            "3",
        ),
    ],
    ids=lambda each: each.replace(" ", "-") if isinstance(each, str) and " " in each else "",
)
def test_pods_are_counted_at_their_peak(name: str, made: Service, expected: str) -> None:
    assert needed(cluster([made], environment()), "pods") == expected, name


def test_two_slots_count_once_each() -> None:
    larger = SMALL.model_copy(update={"size": Resources(cpu="1", memory="1Gi")})
    rollout = cluster([SMALL], environment(), candidate=larger, share=10)
    assert needed(rollout, "requests_cpu") == "2.1"


def test_init_containers_count_where_they_need_more_than_the_others_together() -> None:
    first = Container(name="first", image=IMAGE, size=Resources(cpu="1", memory="1Gi"))
    beside = Container(name="beside", image=IMAGE)
    small = worker("small", init=(first,), sidecars=(beside,), scale=Scale.fixed(1))
    assert needed(cluster([small], environment()), "requests_cpu") == "2"
    assert needed(cluster([small], environment()), "limits_memory") == "2048Mi"
