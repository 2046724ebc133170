"""Every patch has an effect."""

from __future__ import annotations

from .cluster import ClusterView
from .facts import DeclaredService
from .rule import Found, for_each_service


@for_each_service
def patch_fits(service: DeclaredService, cluster: ClusterView) -> Found:
    """Every patch of a service changes at least one of its objects."""
    owned = cluster.owned(service["name"])
    for kind, name, path in service["patches"]:
        if not any(each == f"{kind}/{name}" if name else each.startswith(f"{kind}/") for each in owned):
            named = f"{kind} {name}" if name else kind
            yield (
                service["name"],
                f"the patch of {named} at {path} matches none of its objects; correct its kind or name, or remove it",
            )
