"""What an object waits for after it was written, where its annotation says so."""

import re
from collections.abc import Mapping
from typing import Any

WAIT_FOR = "pulumi.com/waitFor"
_CONDITION = re.compile(r"condition=([A-Za-z0-9./-]+)(?:=(\w+))?")


class NoCondition(Exception):
    """An annotation that is not understood here."""


def unmet(annotation: str, live: Mapping[str, Any] | None) -> str | None:
    """The condition that the object does not have yet, in words, or nothing. Raises `NoCondition`.

    The annotation is one of the provider's, `condition=<type>` or `condition=<type>=<status>`; what was said of an
    older generation does not count. https://www.pulumi.com/registry/packages/kubernetes/annotations
    """
    found = _CONDITION.fullmatch(annotation)
    if found is None:
        raise NoCondition(f"{WAIT_FOR} must be condition=<type>, with =<status> or without, got {annotation!r}")
    kind, wanted = found[1], found[2] or "True"
    live = live or {}
    generation = live.get("metadata", {}).get("generation")
    for condition in live.get("status", {}).get("conditions", []):
        seen = condition.get("observedGeneration", generation)
        if (condition["type"], str(condition["status"]).lower(), seen) == (kind, wanted.lower(), generation):
            return None
    return f"{kind} is not {wanted}"
