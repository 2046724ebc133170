"""The labels and annotations by which people, selectors and policies find the objects of a service."""

from __future__ import annotations

from ..values.resolved_service import ResolvedService
from .names import PREFIX, SERVICE_LABEL, SLOT_LABEL
from .objects import Meta


def selector(service: str, slot: str = "") -> dict[str, str]:
    """Return the labels that select the pods of a service, or of one of its slots."""
    return {SERVICE_LABEL: service} | ({SLOT_LABEL: slot} if slot else {})


def meta(resolved: ResolvedService, name: str, slot: str = "") -> Meta:
    """Return the metadata of an object of a service."""
    service = resolved.service
    return Meta(
        name=name,
        namespace=resolved.placement.namespace,
        labels=labels(resolved, slot),
        annotations={
            f"{PREFIX}/{key}": value
            for key, value in (("repository", service.repository), ("runbook", service.runbook))
            if value
        },
    )


def labels(resolved: ResolvedService, slot: str = "") -> dict[str, str]:
    """Return the labels for selectors, and those by which people filter."""
    service = resolved.service
    return selector(service.name, slot) | {
        "app.kubernetes.io/managed-by": "desired",
        f"{PREFIX}/owner": service.owner,
        f"{PREFIX}/tier": str(service.tier),
    }
