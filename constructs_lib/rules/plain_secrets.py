"""No secret is stored in Git."""

from __future__ import annotations

from functools import lru_cache

from ..values.plain_secrets import refuse_plain_secrets, refuse_secret_text
from .objects import subject
from .rule import Found
from .unit import UnitView


def no_plain_secrets(unit: UnitView) -> Found:
    """No variable, argument or ConfigMap holds a secret, except values declared as `Public`."""
    public = unit.spec.get("public", ())
    for workload in unit.workloads:
        for container in workload.containers:
            for each in container.get("env") or ():
                if each["name"] not in public and (wrong := _variable(each["name"], each.get("value", ""))):
                    yield workload.subject, f"container {container['name']}: {wrong}"
            for text in (*(container.get("command") or ()), *(container.get("args") or ())):
                if wrong := _text("a command or argument", str(text)):
                    yield workload.subject, f"container {container['name']}: {wrong}"
    for each in unit.kinds("ConfigMap"):
        for key, text in (each.get("data") or {}).items():
            if wrong := _text(f"{each['metadata']['name']}/{key}", text):
                yield subject(each), wrong


def no_secret_objects(unit: UnitView) -> Found:
    """No Secret object is rendered: an ExternalSecret creates it in the cluster."""
    for each in unit.kinds("Secret"):
        yield subject(each), f"Secret {each['metadata']['name']} would be stored in Git; use an ExternalSecret"


@lru_cache(maxsize=16384)
def _variable(name: str, value: str) -> str:
    try:
        refuse_plain_secrets({name: value})
    except ValueError as error:
        return str(error)
    return ""


@lru_cache(maxsize=4096)
def _text(where: str, text: str) -> str:
    try:
        refuse_secret_text(where, text)
    except ValueError as error:
        return str(error)
    return ""
