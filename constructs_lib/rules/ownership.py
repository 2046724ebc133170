"""A database, a volume claim, a secret and an account belong to one service each, and an object to one folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..values.data import Object
from .cluster import ClusterView
from .facts import DeclaredService
from .objects import named, subject
from .rule import Found, for_each, for_each_object, for_each_service, for_each_workload, over
from .workloads import Workload

Use = tuple[str, str]
"""A thing, and the service that uses it."""


@for_each_service
def _databases(service: DeclaredService, cluster: ClusterView) -> Iterator[Use]:
    return ((database, service["name"]) for database in service["databases"])


@over(_databases)
def database_has_one_owner(uses: Sequence[Use]) -> Found:
    """No two services use the same database."""
    return _shared("the database", uses)


@for_each("ExternalSecret")
def _entries_of_stores(external: Object, cluster: ClusterView) -> Iterator[Use]:
    spec = external["spec"]
    entries = [each["remoteRef"] for each in spec.get("data") or ()]
    entries += [each["extract"] for each in spec.get("dataFrom") or () if "extract" in each]
    store = (spec.get("secretStoreRef") or {}).get("name")
    return ((f"{store}/{entry['key']}", subject(external)) for entry in entries)


@over(_entries_of_stores)
def secret_has_one_owner(uses: Sequence[Use]) -> Found:
    """No two services read the same entry of a secret store."""
    return _shared("the secret store entry", uses)


@for_each_workload
def _claims(workload: Workload, cluster: ClusterView) -> Iterator[Use]:
    for volume in workload.pod.get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield f"{workload.namespace}/{volume['persistentVolumeClaim']['claimName']}", workload.subject


@over(_claims)
def claim_has_one_owner(uses: Sequence[Use]) -> Found:
    """No two services mount the same PersistentVolumeClaim."""
    return _shared("the PersistentVolumeClaim", uses)


@for_each_workload
def _accounts(workload: Workload, cluster: ClusterView) -> Iterator[Use]:
    if "serviceAccountName" in workload.pod:
        yield f"{workload.namespace}/{workload.pod['serviceAccountName']}", workload.subject


@over(_accounts)
def account_has_one_owner(uses: Sequence[Use]) -> Found:
    """No two services run as the same ServiceAccount."""
    return _shared("the ServiceAccount", uses)


def _shared(what: str, uses: Sequence[Use]) -> Found:
    owners: dict[str, set[str]] = defaultdict(set)
    for thing, owner in uses:
        owners[thing].add(owner)
    for thing, found in owners.items():
        first, *others = sorted(found)
        for other in others:
            yield other, f"uses {what} {thing}, which {first} also uses; give each its own, and let one call the other"


@for_each_object
def object_has_one_folder(made: Object, cluster: ClusterView) -> Found:
    """No object is created in two folders: Flux would apply one, then the other."""
    before = None
    for twin in cluster.twins(made):
        if twin is made and before is not None:
            yield (
                subject(made),
                f"creates {named(made)}, which {subject(before)} also creates; rename one of the services",
            )
        before = twin
