"""The escape hatch is not lost in silence."""

from __future__ import annotations

from ..parts.names import SERVICE_LABEL
from .index import Found, Index


def patch_fits(index: Index) -> Found:
    """Every patch of a service changes at least one of its objects."""
    objects: dict[str, set[tuple[str, str]]] = {}
    for each in index.objects:
        owner = each["metadata"].get("labels", {}).get(SERVICE_LABEL)
        objects.setdefault(owner, set()).add((each["kind"], each["metadata"]["name"]))
    for name, declared in index.declared.items():
        for kind, asked, path in declared["patches"]:
            if not any(kind == found and asked in (None, called) for found, called in objects.get(name, ())):
                named = f"{kind} {asked}" if asked else kind
                yield (
                    name,
                    f"the patch of {named} {path} fits none of its objects; correct its kind or name, or take it out",
                )
