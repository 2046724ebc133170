"""How a mistake is said: where, what is allowed, what was given, and never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from constructs_lib import Port, Probe, Scale, Service
from constructs_lib.values import Value, sentences, unknown_field
from tests.support.mistakes import HTTP, SERVICE, by_sentence, mistake, mistakes, service_mistake, service_mistakes

ENV = "a string, a whole number, SecretKey(…), ConfigKey(…), FieldOf(…) or Public(…)"
NAME = "a name: lower-case letters, digits and '-', at most 63, beginning with a letter"
VARIABLE = "the name of an environment variable: letters, digits and '_'"
SECRET = "hunter2-correct-horse"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": 5}, f"name must be {NAME}, got 5"),
        ({"name": "Checkout"}, f"name must be {NAME}, got 'Checkout'"),
        ({"name": "a\nb"}, f"name must be {NAME}, got 'a\\nb'"),
        ({"name": "x" * 200}, f"name must be {NAME}, got '{'x' * 78}…"),
        ({"image": "a:1"}, "image must be an image's repository without tag and digest, got 'a:1'"),
        ({"telemetry": "yes"}, "telemetry must be True or False, got 'yes'"),
        ({"telemetry": 1}, "telemetry must be True or False, got 1"),
        ({"tier": 4}, "tier must be 1, 2 or 3, got 4"),
        ({"tier": True}, "tier must be a whole number, got True"),
        ({"tier": 1.0}, "tier must be a whole number, got 1.0"),
        ({"user": "10001"}, "user must be a whole number, got '10001'"),
        ({"user": 10_000}, "user must be above 10000, got 10000"),
        ({"user": float("nan")}, "user must be a whole number, got nan"),
        ({"ports": "http"}, "ports must be a list, got 'http'"),
        ({"ports": {"http"}}, "ports must be a list, got a set"),
        ({"ports": [5]}, "ports.0 must be Port(…), got 5"),
        ({"ports": [{**HTTP, "number": 99999}]}, "ports.0.number must be at most 65535, got 99999"),
        ({"ports": [{**HTTP, "number": 0}]}, "ports.0.number must be at least 1, got 0"),
        (
            {"ports": [{**HTTP, "protocol": "udp"}]},
            "ports.0.protocol must be 'http', 'h2c', 'grpc' or 'tcp', got 'udp'",
        ),
        ({"ports": [{"number": 1, "name": "a"}]}, "ports.0.protocol must be given"),
        ({"depends_on": "cart"}, "depends_on must be a list, got 'cart'"),
        ({"depends_on": ["Cart"]}, f"depends_on.0.service must be {NAME}, got 'Cart'"),
        ({"env": []}, "env must be a mapping, got a list"),
        ({"shutdown": None}, "shutdown must be Shutdown(…), got None"),
        ({"shutdown": object()}, "shutdown must be Shutdown(…), got a value of the type object"),
        ({"schema": 2}, "schema must be 1, got 2; a newer platform wrote it"),
    ],
    ids=by_sentence,
)
def test_a_value_of_another_kind_is_said_like_this(fields: dict[str, Any], sentence: str) -> None:
    assert service_mistake(**fields) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"size": "XL"}, "size must be 'S', 'M', 'L' or Resources(…), got 'XL'"),
        ({"size": 3}, "size must be 'S', 'M', 'L' or Resources(…), got 3"),
        ({"size": {"cpu": "1"}}, "size.memory must be given"),
        ({"scale": "s"}, "scale must be 'S', 'M', 'L' or Scale(…), got 's'"),
        ({"scale": {"min": 1, "max": 0}}, "scale.max must be at least 1, got 0"),
        ({"scale": {"min": 3, "max": 2}}, "scale: min must not be above max, got min 3 and max 2"),
        ({"env": {"A": True}}, f"env.A must be {ENV}, got True"),
        ({"env": {"A": 1.5}}, f"env.A must be {ENV}, got 1.5"),
        ({"env": {"A": None}}, f"env.A must be {ENV}, got None"),
        ({"env": {"A": {"value": "x"}}}, f"env.A must be {ENV}, got a mapping"),
        ({"env": {"A": {"secret": "x"}}}, "env.A.key must be given"),
        ({"env": {"A": {"public": "x"}}}, "env.A.reason must be given"),
        ({"env": {"A": 2**63}}, "env.A must be below 9223372036854775808, got 9223372036854775808"),
        ({"env": {"A": Port.http(1)}}, f"env.A must be {ENV}, got Port(…)"),
        ({"env": {"a b": "x"}}, f"each key of env must be {VARIABLE}, got 'a b'"),
    ],
    ids=by_sentence,
)
def test_alternatives_are_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert service_mistake(**fields) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"replicas": 3}, "Service has no field `replicas`; did you mean `scale`?"),
        ({"dependson": []}, "Service has no field `dependson`; did you mean `depends_on`?"),
        ({"colour": 1}, "Service has no field `colour`; leave it out"),
        ({"ports": [{**HTTP, "nam": 1}]}, "ports.0 has no field `nam`; did you mean `name`?"),
        ({"ports": [{**HTTP, "x": 1}]}, "ports.0 has no field `x`; it has number, protocol, name"),
        (
            {"size": {"cpu": "1", "memory": "1Gi", "cpu_limits": 1}},
            "size has no field `cpu_limits`; did you mean `cpu_limit`?",
        ),
        ({"env": {"A": {"secret": "a", "key": "b", "kex": 1}}}, "env.A has no field `kex`; did you mean `key`?"),
        ({"route": {"retries": {"atempts": 1}}}, "route.retries has no field `atempts`; did you mean `attempts`?"),
        ({"a\nb`": 1}, "Service has no field `'a\\nb`'`; leave it out"),
    ],
    ids=by_sentence,
)
def test_a_field_that_nobody_knows_is_said_with_the_one_that_was_meant(fields: dict[str, Any], sentence: str) -> None:
    assert service_mistake(**fields) == sentence


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        ("checkout: Service has no field `retries`; leave it out", "retries"),
        ("checkout: ports.0 has no field `nam`; did you mean `name`?", "nam"),
        ("checkout: size must be 'S', 'M', 'L' or Resources(…), got 'XL'", None),
        ("checkout: description must be one line, got 'it has no field `x`'", None),
    ],
)
def test_the_field_is_found_in_the_sentence_again(sentence: str, field: str | None) -> None:
    assert unknown_field(sentence) == field


def test_the_sentence_and_the_one_who_reads_it_agree() -> None:
    with pytest.raises(ValidationError) as refused:
        Service.model_validate({**SERVICE, "ports": [{**HTTP, "hedging": 1}]})
    (sentence,) = sentences("prod: releases/prod/checkout.yaml", refused.value)
    assert unknown_field(sentence) == "hedging"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, ["must be a mapping with the fields of Service, got 5"]),
        (None, ["must be a mapping with the fields of Service, got None"]),
        ({}, ["name must be given", "owner must be given", "image must be given"]),
        (dict[Any, Any](SERVICE) | {1: 2}, ["each key of Service must be a string, got 1"]),
    ],
    ids=["a number", "nothing", "no field", "a number as a key"],
)
def test_what_is_no_service_at_all_is_said_like_this(data: object, said: list[str]) -> None:
    assert mistakes(Service, data) == said


@pytest.mark.parametrize(
    ("part", "fields", "sentence"),
    [
        (Port, {**HTTP, "number": 99999}, "Port.number must be at most 65535, got 99999"),
        (Scale, {"min": 5, "max": 2}, "Scale: min must not be above max, got min 5 and max 2"),
        (
            Probe,
            {"kind": "http", "path": "a"},
            "Probe.path must be a URL path that begins with '/', such as '/ready', got 'a'",
        ),
        (Port, {**HTTP, "nr": 1}, "Port has no field `nr`; it has number, protocol, name"),
    ],
)
def test_a_part_on_its_own_is_named_by_its_class(part: type[Value], fields: Any, sentence: str) -> None:
    assert mistake(part, fields) == sentence


def test_everything_wrong_is_said_at_once_in_the_order_of_the_fields() -> None:
    said = service_mistakes(user=5, name="A", ports=[{**HTTP, "number": 0}], size="XL")
    assert [sentence.split()[0] for sentence in said] == ["name", "ports.0.number", "user", "size"]


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"PASSWORD": SECRET}},
        {"env": {"PASSWORD": SECRET + "\0"}},
        {"env": {"PASSWORD": SECRET, "A": True}, "name": "A"},
        {"env": {"A": {"public": SECRET + "\0", "reason": "x"}}},
        {"env": {"A": {"secret": SECRET + " ", "key": SECRET + " "}}},
        {"env": {"A": {"password": SECRET}}},
        {"env": SECRET},
        {"env": [SECRET]},
        {"env": {TOKEN + " ": "x"}},
        {"args": ["--token", SECRET + "\x00"]},
        {"args": ["--password=" + SECRET]},
        {"command": SECRET},
        {"name": TOKEN},
        {"description": TOKEN + "\n"},
        {TOKEN: 1},
        {"ports": [TOKEN]},
        {"size": TOKEN},
        {"configs": [{"name": "a", "data": {"f": f"password={SECRET}"}}]},
        {"configs": [{"name": "a", "data": {"f": SECRET + "\0"}}]},
        {"secrets": [{"name": "a", "keys": {"f": TOKEN}}]},
        {"secrets": [{"name": "a", "keys": {"f": SECRET + "\n"}}]},
        {"init": [{"name": "a", "image": "b:1", "env": {"PASSWORD": SECRET}}]},
        {"init": [{"name": "a", "image": "b", "readiness": {"kind": "tcp"}, "env": {"API_KEY": SECRET}}]},
        {"patches": [{"kind": "A", "path": "/a", "reason": "x" * 10, "value": {"a": [TOKEN]}}]},
        {"patches": [{"kind": "A", "path": "/a", "reason": "x" * 10, "value": SECRET + "\0"}]},
        {"depends_on": [{"service": "a", "env": {"DB": f"postgres://u:{SECRET}@{{host}}"}}]},
        {"depends_on": [{"service": "a", "env": {"DB": f"{{{SECRET}}}"}}]},
        {"route": {"matches": [{"headers": {"Authorization": f"a=b;password={SECRET}"}}]}},
        {"readiness": {"kind": "exec", "command": [f"--password={SECRET}"]}},
        {"outside": [{"name": "a", "cidrs": [f"https://u:{SECRET}@a"]}]},
    ],
    ids=lambda fields: ascii(fields)[:70],
)
def test_a_secret_is_never_repeated(fields: dict[str, Any]) -> None:
    said = " ".join(service_mistakes(**{"ports": [HTTP], **fields}))
    assert SECRET not in said
    assert TOKEN not in said


def test_a_number_too_long_to_print_is_not_printed() -> None:
    assert service_mistake(user=10**5000).endswith("got a number of hundreds of digits")


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    (sentence,) = service_mistakes(patches=[{"kind": "A", "path": "/a", "reason": "x" * 10, "value": endless}])
    assert sentence == "patches.0.value must not be that deep or hold itself, got a list"
