"""A service: what it is, how it is written down, and what a person may type into it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from constructs_lib import Port, Scale, Schedule, Service
from constructs_lib.values import Value, sentences
from tests.support.mistakes import HTTP, SERVICE, TCP, service_mistake
from tests.support.strategies import ANY_TEXT, ANYTHING, services


@given(service=services())
def test_what_is_written_is_read_as_the_same_service(service: Service) -> None:
    assert Service.model_validate(json.loads(json.dumps(service.written()))) == service


@given(service=services())
def test_what_is_written_begins_with_its_version(service: Service) -> None:
    assert next(iter(service.written().items())) == ("schema", 1)


@given(service=services())
def test_no_default_is_written(service: Service) -> None:
    written = service.written()
    del written["schema"]
    assert list(defaults_in(service, written)) == []


def defaults_in(value: Value, written: dict[str, Any]) -> Any:
    """Fields that were written although they have their default."""
    for name, data in written.items():
        field, given = type(value).model_fields[name], getattr(value, name)
        if not field.is_required() and given == field.default:
            yield f"{type(value).__name__}.{name}"
        for inner, inner_data in pairs(given, data):
            yield from defaults_in(inner, inner_data)


def pairs(given: object, data: Any) -> Any:
    """Every value in a field, with its data."""
    if isinstance(given, Value):
        yield given, data
    elif isinstance(given, tuple):
        yield from ((each, data[at]) for at, each in enumerate(given) if isinstance(each, Value))
    elif isinstance(given, dict):
        yield from ((each, data[key]) for key, each in given.items() if isinstance(each, Value))


def test_the_shortest_service_is_written_like_this() -> None:
    assert Service(**SERVICE).written() == {"schema": 1, **SERVICE}


def test_a_route_that_was_taken_away_is_written() -> None:
    written = Service(**SERVICE, ports=[Port.tcp(6379)], route=None).written()
    assert written["route"] is None


def test_a_service_is_frozen() -> None:
    service = Service(**SERVICE)
    with pytest.raises(ValidationError):
        service.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "worker"),
        ({"ports": [HTTP]}, "microservice"),
        ({"claims": [{"name": "data", "path": "/data", "size": "1Gi"}]}, "stateful"),
        ({"claims": [{"name": "data", "path": "/data", "size": "1Gi"}], "ports": [TCP]}, "stateful"),
        ({"schedule": Schedule(cron="@daily")}, "scheduled-job"),
    ],
    ids=["nothing", "ports", "claims", "claims and ports", "a schedule"],
)
def test_its_kind_follows_from_what_it_says(fields: dict[str, Any], kind: str) -> None:
    assert Service(**SERVICE, **fields).kind == kind


@pytest.mark.parametrize(
    ("fields", "routed"),
    [
        ({"ports": [HTTP]}, ["http"]),
        ({"ports": [HTTP, {"number": 9000, "protocol": "grpc", "name": "grpc"}]}, ["http", "grpc"]),
        ({"ports": [HTTP], "route": None}, []),
        ({"ports": [TCP], "route": None}, []),
        ({"ports": [HTTP, TCP], "route": None}, []),
        ({"ports": [HTTP], "claims": [{"name": "data", "path": "/data", "size": "1Gi"}]}, []),
        ({}, []),
    ],
    ids=["http", "http and grpc", "without a route", "tcp", "http and tcp", "stateful", "no port"],
)
def test_a_gateway_reaches_these_ports(fields: dict[str, Any], routed: list[str]) -> None:
    assert [port.name for port in Service(**SERVICE, **fields).routed] == routed


@pytest.mark.parametrize(("name", "found"), [(None, 8080), ("http", 8080), ("admin", 9000), ("other", None)], ids=ascii)
def test_a_port_is_found_by_its_name(name: str | None, found: int | None) -> None:
    service = Service(**SERVICE, ports=[Port.http(8080), Port.tcp(9000, "admin")], route=None)
    port = service.port(name)
    assert (port.number if port else None) == found


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "a-blue",
            "name must not end in '-blue', '-green' or '-grpc', which name slots and routes, got 'a-blue'; rename it",
        ),
        (
            "a-green",
            "name must not end in '-blue', '-green' or '-grpc', which name slots and routes, got 'a-green'; rename it",
        ),
        (
            "a-grpc",
            "name must not end in '-blue', '-green' or '-grpc', which name slots and routes, got 'a-grpc'; rename it",
        ),
        ("x" * 41, "name must have at most 40 characters, as suffixes are added to it, got 41; shorten it"),
        ("holds", "name must not be one of platform, holds, rollouts, which name files of releases/; rename it"),
    ],
    ids=["blue", "green", "grpc", "long", "file"],
)
def test_a_name_that_the_platform_needs_for_itself_is_refused(name: str, sentence: str) -> None:
    assert service_mistake(name=name) == sentence


@pytest.mark.parametrize("name", ["blue", "a-blues", "grpc", "green-a", "x" * 40])
def test_a_name_close_to_those_is_accepted(name: str) -> None:
    assert Service(**{**SERVICE, "name": name}).name == name


def test_a_dependency_may_be_just_a_name() -> None:
    assert Service(**SERVICE, depends_on=["cart"]).depends_on[0].service == "cart"


@pytest.mark.parametrize("scale", ["S", Scale.fixed(2), {"min": 1, "max": 2}], ids=ascii)
def test_a_scale_is_a_size_or_numbers(scale: Any) -> None:
    assert isinstance(Service(**SERVICE, scale=scale).scale, str | Scale)


def is_accepted_or_said(data: object) -> bool:
    """Whether the data is a service that can be written down, or refused in sentences."""
    try:
        service = Service.model_validate(data)
    except ValidationError as error:
        said = sentences("it", error)
        return bool(said) and all(line.isprintable() and line.startswith("it: ") and len(line) < 600 for line in said)
    return Service.model_validate(json.loads(json.dumps(service.written()))) == service


@given(field=st.sampled_from(list(Service.model_fields)) | ANY_TEXT, data=ANYTHING)
@example(field="\ud800", data=None)
@example(field="env", data={"\ud800": "x"})
def test_whatever_is_typed_into_a_field_is_accepted_or_said_in_sentences(field: str, data: object) -> None:
    assert is_accepted_or_said({**SERVICE, "ports": [HTTP], field: data})


PLACES: dict[str, Any] = {
    "the key of a variable": lambda text: {"env": {text: "x"}},
    "the value of a variable": lambda text: {"env": {"A": text}},
    "the key of a secret": lambda text: {"env": {"A": {"secret": "a", "key": text}}},
    "the key of a config": lambda text: {"configs": [{"name": "a", "data": {text: "x"}}]},
    "the text of a config": lambda text: {"configs": [{"name": "a", "data": {"x": text}}]},
    "the mount of a config": lambda text: {"configs": [{"name": "a", "data": {"x": "y"}, "mount": text}]},
    "an entry of the store": lambda text: {"secrets": [{"name": "a", "keys": {"x": text}}]},
    "the path of a volume": lambda text: {"volumes": [{"path": text, "size": "1Gi"}]},
    "the size of a volume": lambda text: {"volumes": [{"path": "/a", "size": text}]},
    "the name of a claim": lambda text: {"claims": [{"name": text, "path": "/a", "size": "1Gi"}]},
    "a host": lambda text: {"external": {"hosts": [text]}},
    "a path": lambda text: {"route": {"matches": [{"path": text}]}},
    "a header": lambda text: {"route": {"matches": [{"headers": {text: text}}]}},
    "the path of a probe": lambda text: {"readiness": {"kind": "http", "path": text}},
    "a template": lambda text: {"depends_on": [{"service": "a", "env": {"A": text}}]},
    "an address range": lambda text: {"outside": [{"name": "a", "cidrs": [text]}]},
    "a schedule": lambda text: {"ports": [], "schedule": {"cron": text, "time_zone": text}},
    "the path of a patch": lambda text: {"patches": [{"kind": "A", "path": text, "reason": "x" * 10}]},
    "a patch": lambda text: {"patches": [{"kind": "A", "path": "/a", "reason": "x" * 10, "value": {text: [text]}}]},
    "an image": lambda text: {"init": [{"name": "a", "image": text}]},
    "a database": lambda text: {"database": {"name": text, "owner": text}},
    "a metric": lambda text: {
        "scale": {"min": 1, "max": 2, "metrics": [{"kind": "pods", "name": text, "target": text}]}
    },
    "a permission": lambda text: {"permissions": [{"resources": [text], "verbs": [text]}]},
    "an argument": lambda text: {"args": [text]},
}


@pytest.mark.parametrize("place", PLACES)
@given(text=ANY_TEXT)
def test_any_text_in_any_place_is_accepted_or_said_in_sentences(place: str, text: str) -> None:
    assert is_accepted_or_said({**SERVICE, "ports": [HTTP], **PLACES[place](text)})
