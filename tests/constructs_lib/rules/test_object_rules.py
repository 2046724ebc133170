"""Rules about names and scaling bite: each defect, planted in objects that break no rule, is found by one alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib.testing import Object
from tests.support.planted import Planted, found_by, rules_of

Plant = Callable[[Planted], object]


def hpa(it: Planted) -> Object:
    found: Object = it.one("HorizontalPodAutoscaler", "web-blue")["spec"]
    return found


def second_hpa(it: Planted) -> Object:
    return it.twin("HorizontalPodAutoscaler", "web-blue", "other")


def budget(it: Planted) -> Object:
    found: Object = it.one("PodDisruptionBudget", "web-blue")["spec"]
    return found


def metadata(it: Planted) -> Object:
    found: Object = it.one("Deployment", "web-blue")["metadata"]
    return found


def keep(it: Planted, **said: object) -> None:
    budget(it).pop("maxUnavailable")
    budget(it).update(said)


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "a name with capitals": (
        "legal-names", "api", "'Api'", lambda it: it.twin("Role", "api-blue", "Api").update(kind="ConfigMap", data={}),
    ),
    "a Service that begins with a digit": (
        "legal-names", "mailer", "'1st'",
        lambda it: it.twin("ServiceAccount", "mailer", "1st").update(kind="Service", spec={}),
    ),
    "a job with a long name": (
        "legal-names", "nightly", "at most 52", lambda it: it.twin("CronJob", "nightly", "n" * 53),
    ),
    "a long volume": (
        "legal-names", "mailer", "volume",
        lambda it: it.pod("mailer")["volumes"].append({"name": "config-" + "v" * 57, "emptyDir": {}}),
    ),
    "a long port": (
        "legal-names", "mailer", "at most 15",
        lambda it: it.main("mailer").update(ports=[{"name": "p" * 16, "containerPort": 1}]),
    ),
    "a container with a point": ("legal-names", "mailer", "'a.b'", lambda it: it.main("mailer").update(name="a.b")),
    "a long label": (
        "legal-labels", "web", "63",
        lambda it: metadata(it)["labels"].update({"desired.dev/note": "n" * 64}),
    ),
    "a label that ends in a dash": (
        "legal-labels", "web", "'n-'",
        lambda it: it.one("Deployment", "web-blue")["spec"]["template"]["metadata"]["labels"].update(note="n-"),
    ),
    "a label whose key has a space": (
        "legal-labels", "web", "'a b'", lambda it: metadata(it)["labels"].update({"a b": "c"}),
    ),
    "an annotation with two slashes": (
        "legal-labels", "web", "'a/b/c'",
        lambda it: metadata(it).update(annotations={"a/b/c": ""}),
    ),
    "annotations that are too long": (
        "legal-labels", "web", "262144",
        lambda it: metadata(it).update(annotations={"note": "n" * 262_144}),
    ),
    "a cluster role from a service": (
        "no-cluster-scope", "api", "whole cluster",
        lambda it: it.twin("Role", "api-blue", "api").update(kind="ClusterRole"),
    ),
    "an object without a namespace": (
        "no-cluster-scope", "api", "whole cluster",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"].pop("namespace"),
    ),
    "an object in another namespace": (
        "no-cluster-scope", "api", "flux-system",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"].update(namespace="flux-system"),
    ),
    "an object with the label of another service": (
        "carries-its-service", "api", "'web'",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"]["labels"].update({"app.kubernetes.io/name": "web"}),
    ),
    "an object without the label": (
        "carries-its-service", "api", "None", lambda it: it.twin("Role", "api-blue", "api")["metadata"].pop("labels"),
    ),
    "replicas and an autoscaler": (
        "replicas-or-autoscaler", "web", "undo each other",
        lambda it: it.one("Deployment", "web-blue")["spec"].update(replicas=2),
    ),
    "bounds that cross": ("autoscaler-fits", "web", "2 to 1", lambda it: hpa(it).update(maxReplicas=1)),
    "a lower bound of nothing": ("autoscaler-fits", "web", "0 to 4", lambda it: hpa(it).update(minReplicas=0)),
    "nothing to measure": ("autoscaler-fits", "web", "has no metrics", lambda it: hpa(it).pop("metrics")),
    "a target that is not there": (
        "autoscaler-fits", "web", "Deployment gone",
        lambda it: second_hpa(it)["spec"]["scaleTargetRef"].update(name="gone"),
    ),
    "two autoscalers": (
        "autoscaler-fits", "web", "both scale", second_hpa,
    ),
    "a budget that says two things": ("budget-fits", "web", "one of", lambda it: budget(it).update(minAvailable=1)),
    "a budget that says nothing": ("budget-fits", "web", "one of", keep),
    "a budget that keeps all pods": ("budget-fits", "web", "keeps 2 of 2", lambda it: keep(it, minAvailable=2)),
    "a budget that keeps nearly all": ("budget-fits", "web", "51% of 2", lambda it: keep(it, minAvailable="51%")),
    "a budget that lets none go": (
        "budget-fits", "web", "at least 1", lambda it: budget(it).update(maxUnavailable="0%"),
    ),
    "a budget of nobody": (
        "budget-fits", "web", "selects none of the pods",
        lambda it: budget(it)["selector"].update(matchLabels={"a": "b"}),
    ),
    "two budgets": ("budget-fits", "web", "same pods", lambda it: it.twin("PodDisruptionBudget", "web-blue", "other")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_objects_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("objects")


ALLOWED: dict[str, Plant] = {
    "a budget that keeps half": lambda it: keep(it, minAvailable="50%"),
    "a label without a value": lambda it: metadata(it)["labels"].update({"a/b": ""}),
    "a cluster-wide object of the platform": lambda it: it.twin("PriorityClass", "tier-1", "tier-0"),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_an_allowed_change_breaks_no_rule(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []
