"""An environment, and what of it a service reads."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Backups, Container, Environment, Override, Resources, Scale
from constructs_lib.values.resolved_service import Callee, resolve
from tests.support.fleet import environment, service
from tests.support.mistakes import IMAGE, REASON, by_sentence, mistake

GIVEN: dict[str, Any] = environment().model_dump()
SMALL, LARGE = Resources(cpu="1m", memory="1Mi"), Resources(cpu="9", memory="9Gi")
PAIR: dict[str, Any] = {
    "owner": "team-a", "infrastructure": "aws", "kubernetes": "v1.36.3", "apps": [{"name": "g", "min": 1, "max": 1}],
}  # fmt: skip
NAME = "a name: lower-case letters, digits and '-', at most 63, beginning with a letter"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "Prod"}, f"name must be {NAME}, got 'Prod'"),
        (
            {"name": "p" * 59},
            "name must have at most 58 characters, as its clusters' names add '-apps' or '-ops', got 59; shorten it",
        ),
        (
            {"zones": ("a", "z" * 60), "pair": {**PAIR, "ops": [{"name": "few", "min": 1, "max": 1}]}},
            "the name of a pool and of a zone must have at most 62 characters together, as they name its nodes, "
            f"got 'few-{'z' * 60}'; shorten the pool 'few'",
        ),
        (
            {"domain": "Example.com"},
            "domain must be a host name in lower case, such as 'shop.example.com', got 'Example.com'",
        ),
        ({"zones": ()}, "zones must name at least one zone, as zones=['a']"),
        ({"zones": ("a", "b", "a")}, "zones must differ from each other, got 'a' twice"),
        ({"zones": {"a", "b"}}, "zones must be a list, got a set"),
        ({"gates": ("ready", "ready")}, "gates must differ from each other, got 'ready' twice"),
        ({"gates": ("prayer",)}, "gates.0 must be 'ready', 'tested', 'confirm' or 'four-eyes', got 'prayer'"),
        ({"promoted_from": "test"}, "promoted_from must be another environment, got 'test' itself"),
        ({"follows_apps": "yes"}, "follows_apps must be True or False, got 'yes'"),
        ({"log_level": "trace"}, "log_level must be 'debug', 'info', 'warn' or 'error', got 'trace'"),
        ({"sizes": {"S": SMALL, "M": SMALL}}, "sizes must say what S, M and L are here, missing L"),
        ({"sizes": {}}, "sizes must say what S, M and L are here, missing S, M, L"),
        (
            {"sizes": {"S": LARGE, "M": SMALL, "L": LARGE}},
            "sizes must grow from S over M to L in memory, got 9Gi, 1Mi, 9Gi",
        ),
        ({"scales": {"S": Scale.fixed(1)}}, "scales must say what S, M and L are here, missing M, L"),
        ({"scales": {**GIVEN["scales"], "XL": Scale.fixed(1)}}, "each key of scales must be 'S', 'M' or 'L', got 'XL'"),
        (
            {"ops": {**GIVEN["ops"], "reference": None}},
            "the ops cluster, and only it, has a reference service; give it to ops",
        ),
        ({"apps": GIVEN["ops"]}, "the ops cluster, and only it, has a reference service; give it to ops"),
        (
            {"overrides": {"checkout": {"reason": "now"}}},
            "overrides.checkout.reason must be one line of 10 to 500 characters that says why, got 'now'",
        ),
        (
            {"overrides": {"checkout": {"reason": REASON, "replicas": 2}}},
            "overrides.checkout has no field `replicas`; did you mean `scale`?",
        ),
        ({"exemptions": [{"rule": "no-latest", "subject": "checkout"}]}, "exemptions.0.reason must be given"),
        ({"zone": "a"}, "Environment has no field `zone`; did you mean `zones`?"),
    ],
    ids=by_sentence,
)
def test_an_environment_that_cannot_be_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert mistake(Environment, {**GIVEN, **fields}) == sentence


def test_a_secret_in_an_override_is_refused_and_not_repeated() -> None:
    sentence = mistake(Override, {"reason": REASON, "env": {"DB_PASSWORD": "hunter2"}})
    assert sentence.startswith("Override.env: DB_PASSWORD holds a secret by its name in plain text")
    assert "hunter2" not in sentence


@pytest.mark.parametrize("retention", ["30", "0d", "30 days", "30h", "٣d"])
def test_backups_are_kept_for_days_weeks_or_months(retention: str) -> None:
    assert mistake(Backups, {"to": "s3://backups", "retention": retention}) == (
        f"Backups.retention must be days, weeks or months, such as '30d', got {retention!r}"
    )


def test_a_cluster_has_the_name_of_its_environment_and_role() -> None:
    made = environment("green-field")
    assert [made.cluster_name("apps"), made.cluster_name("ops")] == ["green-field-apps", "green-field-ops"]
    assert [made.cluster("apps"), made.cluster("ops")] == [made.apps, made.ops]


@pytest.mark.parametrize("size", ["S", "M", "L"])
def test_a_size_is_what_the_environment_says(size: str) -> None:
    made = environment()
    resolved = resolve(made, "apps", service(size=size, scale=size), {})
    assert (resolved.resources, resolved.scale) == (made.sizes[size], made.scales[size])  # type: ignore[index]


def test_numbers_are_taken_as_they_are() -> None:
    resolved = resolve(environment(), "apps", service(size=LARGE, scale=Scale.fixed(7)), {})
    assert (resolved.resources, resolved.scale) == (LARGE, Scale.fixed(7))


def test_a_stateful_service_has_the_smallest_number_of_its_size() -> None:
    claims = [{"name": "data", "path": "/data", "size": "1Gi"}]
    assert resolve(environment(), "apps", service(scale="L", claims=claims), {}).scale == Scale.fixed(3)


def test_containers_beside_the_main_one_have_their_own_size() -> None:
    beside = Container(name="helper", image=IMAGE, size="L")
    resolved = resolve(environment(), "apps", service(sidecars=[beside]), {})
    assert resolved.container_resources == {"helper": environment().sizes["L"]}


def test_an_override_wins_in_the_apps_cluster_and_there_alone() -> None:
    override = Override(reason=REASON, size=LARGE, scale=Scale.fixed(9), env={"A": "b"})
    made = environment(overrides={"greeter": override})
    resolved, in_ops, other = (
        resolve(made, "apps", service(), {}),
        resolve(made, "ops", service(), {}),
        resolve(made, "apps", service("other"), {}),
    )
    assert (resolved.resources, resolved.scale, resolved.env) == (LARGE, Scale.fixed(9), {"A": "b"})
    assert (in_ops.resources, in_ops.env) == (other.resources, other.env) == (made.sizes["S"], {})


@pytest.mark.parametrize(("runs", "collector"), [(True, "collector"), (False, None)], ids=["it runs", "it does not"])
def test_telemetry_goes_to_a_collector_that_runs(runs: bool, collector: str | None) -> None:
    callees = {"collector": Callee.of(service("collector"), "apps")} if runs else {}
    assert resolve(environment(collector="collector"), "apps", service(), callees).placement.collector == collector


def test_callers_read_ports_and_routes_of_a_service_and_nothing_else() -> None:
    callee = Callee.of(service("cart", description="not for callers"), "shop")
    assert callee.model_dump() == {
        "name": "cart",
        "namespace": "shop",
        "kind": "microservice",
        "ports": (("http", 8080, "http"),),
        "routed": ("http",),
        "external": False,
    }


def test_the_longest_name_of_an_environment_suits_its_clusters() -> None:
    made = environment("p" * 58)
    assert resolve(made, "apps", service(), {}).placement.cluster == f"{'p' * 58}-apps"
