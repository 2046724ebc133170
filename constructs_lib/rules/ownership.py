"""A database, a claim and a secret belong to one service: who changes it knows whom it breaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .index import Found, Index, namespace_of, subject


def database_has_one_owner(index: Index) -> Found:
    """No two services have the same database."""
    yield from _shared(
        "the database",
        ((database, name) for name, service in index.declared.items() for database in service["databases"]),
    )


def secret_has_one_owner(index: Index) -> Found:
    """No two services read the same entry of a secret store."""
    yield from _shared(
        "the secret",
        (
            (f"{store}/{entry['key']}", subject(each))
            for each in index.kinds("ExternalSecret")
            for store in [(each["spec"].get("secretStoreRef") or {}).get("name")]
            for entry in (
                *(one["remoteRef"] for one in each["spec"].get("data") or ()),
                *(one["extract"] for one in each["spec"].get("dataFrom") or () if "extract" in one),
            )
        ),
    )


def claim_has_one_owner(index: Index) -> Found:
    """No two services mount the same volume claim."""
    yield from _shared(
        "the claim",
        (
            (f"{workload.namespace}/{volume['persistentVolumeClaim']['claimName']}", workload.subject)
            for workload in index.workloads
            for volume in workload.pod.get("volumes") or ()
            if "persistentVolumeClaim" in volume
        ),
    )


def account_has_one_owner(index: Index) -> Found:
    """No two services run as the same ServiceAccount."""
    yield from _shared(
        "the ServiceAccount",
        (
            (f"{namespace_of(workload.object)}/{workload.pod['serviceAccountName']}", workload.subject)
            for workload in index.workloads
            if "serviceAccountName" in workload.pod
        ),
    )


def _shared(what: str, uses: Iterable[tuple[str, str]]) -> Found:
    owners: dict[str, set[str]] = defaultdict(set)
    for thing, owner in uses:
        owners[thing].add(owner)
    for thing, found in owners.items():
        first, *others = sorted(found)
        for other in others:
            yield other, f"has {what} {thing}, which {first} has too; give each its own, and let one ask the other"


def object_has_one_folder(index: Index) -> Found:
    """No object is made twice, in two folders: Flux would apply the one, then the other."""
    seen: dict[tuple[str, str, str], str] = {}
    for each in index.objects:
        named = (each["kind"], namespace_of(each), each["metadata"]["name"])
        about = subject(each)
        if named in seen:
            yield (
                about,
                f"makes the {named[0]} {named[2]}, which {seen[named]} makes too; rename one of the services",
            )
        seen[named] = about
