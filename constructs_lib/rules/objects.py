"""Objects, as rules and their sentences name them."""

from __future__ import annotations

from ..parts.names import PREFIX, SERVICE_LABEL
from ..values.data import Object

_OWNER_LABEL = f"{PREFIX}/owner"


def subject(each: Object) -> str:
    """The service that an object belongs to, or `Kind/name` for one of the platform."""
    labels = each["metadata"].get("labels") or {}
    if _OWNER_LABEL in labels and SERVICE_LABEL in labels:
        return str(labels[SERVICE_LABEL])
    return f"{each['kind']}/{each['metadata']['name']}"


def named(each: Object) -> str:
    """An object as a sentence names it: `Deployment checkout-blue`."""
    return f"{each['kind']} {each['metadata']['name']}"


def namespace_of(each: Object) -> str:
    """The namespace of an object; nothing for one of the whole cluster."""
    return str(each["metadata"].get("namespace") or "")
