"""What a person reads about a value that is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from constructs_lib import Service
from constructs_lib.values import Value, sentences

SERVICE: dict[str, Any] = {"name": "checkout", "owner": "team-a", "image": "ghcr.io/acme/checkout"}
HTTP: dict[str, Any] = {"number": 8080, "protocol": "http", "name": "http"}
TCP: dict[str, Any] = {"number": 6379, "protocol": "tcp", "name": "tcp"}
IMAGE = "ghcr.io/acme/checkout@sha256:" + "a" * 64
REASON = "asked for by its owner"


def mistakes(model: type[Value], fields: Any) -> list[str]:
    """The sentences about the fields, without their subject; fails where the value is accepted."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(fields)
    return [sentence.removeprefix("it: ") for sentence in sentences("it", refused.value)]


def mistake(model: type[Value], fields: Any) -> str:
    """The one sentence about the fields."""
    (sentence,) = mistakes(model, fields)
    return sentence


def service_mistakes(**fields: Any) -> list[str]:
    """The sentences about a service that has these fields besides those that it needs."""
    return mistakes(Service, {**SERVICE, **fields})


def service_mistake(**fields: Any) -> str:
    """The one sentence about a service."""
    return mistake(Service, {**SERVICE, **fields})


def by_sentence(value: object) -> str | None:
    """The id of a row in a table of mistakes: its sentence."""
    return ascii(value)[1:71] if isinstance(value, str) else None
