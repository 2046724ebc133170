"""How the Kubernetes provider compares what a program wants with what the cluster had: pure functions.

The last seen object is cut down to the shape of the inputs that made it: what the server added is no difference.
"""

import base64
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from . import paths
from .paths import Path
from .values import UNKNOWN, Properties, plain

_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
_SELECTOR = ("spec.selector",)
_FORCE_NEW = {
    "apps/DaemonSet": _SELECTOR,
    "apps/Deployment": _SELECTOR,
    "apps/StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "batch/Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "rbac.authorization.k8s.io/ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/RoleBinding": ("roleRef",),
    "storage.k8s.io/StorageClass": ("parameters", "provisioner"),
    "/PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    "/ResourceQuota": ("spec.scopes",),
    "/Service": ("spec.clusterIP",),
}
"""By group and kind; names, namespaces, Secrets and ConfigMaps beside it. The provider also lists the fields of Pods
and PersistentVolumes, which no stack has a use for: here the server refuses such a change."""
_DEFINED = (".x-k8s.io", "gateway.networking.k8s.io", "snapshot.storage.k8s.io")
_AMOUNTS = frozenset({"requests", "limits", "hard", "capacity", "storage", "sizeLimit", "averageValue"})
_AMOUNTS |= {"min", "max", "default", "defaultRequest"}
"""Where built-in kinds hold quantities, which the server writes its own way: `1000m` becomes `1`."""
_QUANTITY = re.compile(r"^([+-]?[0-9.]+)([eE][+-]?[0-9]+|Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?$")
_UNITS = {
    unit: Decimal(1000) ** power for power, unit in zip(range(-3, 7), ["n", "u", "m", "", *"kMGTPE"], strict=True)
}
_UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)}


class Mutable(NamedTuple):
    """Which kinds the provider was told to change in place; it replaces them otherwise."""

    config_maps: bool = False
    secrets: bool = False


class Change(NamedTuple):
    """One property that differs."""

    path: Path
    replaces: bool


def changes(old_inputs: Properties, live: Properties, new: Properties, mutable: Mutable) -> list[Change]:
    """What differs between the new inputs and the last seen object, and what of it needs a new object."""
    wanted = normal(new)
    seen = prune(normal(live), normal(old_inputs))
    forced = [paths.parse(path) for path in force_new(wanted, mutable)]
    typed = _built_in(wanted)
    found = [
        Change(path, any(paths.touches(f, path) for f in forced)) for path in _differences(seen, wanted, (), typed)
    ]
    return [_of_group(change, seen, wanted) for change in found]


def plain_changes(old: Properties, new: Properties) -> tuple[str, ...]:
    """The paths at which the inputs of a component or a provider differ, as people write them."""
    return tuple(sorted(paths.text(path) for path in _differences(plain(old), plain(new), (), False)))


def drift(inputs: Properties, before: Properties, now: Properties) -> list[Path]:
    """What we set and the cluster has another way than when it was last seen."""
    shape = normal(inputs)
    return list(_differences(prune(normal(before), shape), prune(normal(now), shape), (), False))


def force_new(item: Properties, mutable: Mutable) -> tuple[str, ...]:
    """The properties of this kind that no object can change."""
    group, kind = _group(item), item.get("kind", "")
    always = ("metadata.name", "metadata.namespace", "kind")
    if (group, kind) == ("", "ConfigMap"):
        return always if mutable.config_maps and not item.get("immutable") else (*always, "data", "binaryData")
    if (group, kind) == ("", "Secret"):
        more = () if mutable.secrets and not item.get("immutable") else ("data", "stringData")
        return (*always, "type", *more)
    return (*always, *_FORCE_NEW.get(f"{group}/{kind}", ()))


def normal(item: Properties) -> Properties:
    """The object as the server would have it: without nulls and read-only fields, a Secret's texts encoded."""
    found: Properties = _without_nulls(plain(item))
    found.pop("status", None)
    if isinstance(metadata := found.get("metadata"), dict):
        found["metadata"] = {key: value for key, value in metadata.items() if key not in _READ_ONLY}
    if found.get("kind") == "Secret" and isinstance(texts := found.pop("stringData", None), dict):
        found["data"] = (found.get("data") or {}) | {key: _encoded(text) for key, text in texts.items()}
    return found


def prune(source: Any, shape: Any) -> Any:
    """What of the source has a counterpart in the shape."""
    if isinstance(source, dict) and isinstance(shape, dict):
        return {key: prune(value, shape[key]) for key, value in source.items() if key in shape}
    if isinstance(source, list) and isinstance(shape, list) and source and shape:
        if type(source[0]) is not type(shape[0]):
            return source
        return [prune(value, pattern) for value, pattern in zip(source, shape, strict=False)]
    return [] if isinstance(source, list) and isinstance(shape, list) else source


def _differences(old: Any, new: Any, path: Path, typed: bool) -> Iterator[Path]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _member(old, new, key, (*path, key), typed)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(old) or index >= len(new):
                yield (*path, index)
            else:
                yield from _differences(old[index], new[index], (*path, index), typed)
    elif new is UNKNOWN or not _same(old, new, typed and not _AMOUNTS.isdisjoint(path)):
        yield path


def _member(old: dict[str, Any], new: dict[str, Any], key: str, path: Path, typed: bool) -> Iterator[Path]:
    if key in old and key in new:
        yield from _differences(old[key], new[key], path, typed)
    elif not (
        typed and (old.get(key) or new.get(key)) in ({}, [], "", None, False)
    ):  # built-in kinds leave out what is empty
        yield path


def _same(old: Any, new: Any, amounts: bool) -> bool:
    if type(old) is not type(new) and bool in (type(old), type(new)):
        return False
    if old == new or not amounts:
        return bool(old == new)
    amount = _quantity(old)
    return amount is not None and amount == _quantity(new)


def _quantity(value: Any) -> Decimal | None:
    match = _QUANTITY.match(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        return None
    number, unit = match.groups()
    try:
        return (
            Decimal(number + unit)
            if unit and unit[0] in "eE" and len(unit) > 1
            else Decimal(number) * _UNITS[unit or ""]
        )
    except ArithmeticError:
        return None


def _of_group(change: Change, seen: Properties, wanted: Properties) -> Change:
    """Another version is the same object, another group is not."""
    return change._replace(replaces=_group(seen) != _group(wanted)) if change.path == ("apiVersion",) else change


def _group(item: Properties) -> str:
    return str(item.get("apiVersion", "")).rpartition("/")[0]


def _built_in(item: Properties) -> bool:
    """Whether the kind comes with the server, and is no definition's."""
    group = _group(item)
    return "." not in group or (group.endswith(".k8s.io") and not group.endswith(_DEFINED))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _encoded(text: Any) -> Any:
    return base64.b64encode(text.encode()).decode() if isinstance(text, str) else text
