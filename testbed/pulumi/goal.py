"""What a program asks for with one registration, and what the engine makes of it: pure."""

from collections.abc import Mapping
from typing import NamedTuple

from pulumi.runtime.proto import resource_pb2

from . import paths, values
from .difference import Change
from .outcome import Action
from .paths import Path
from .state import STACK, Resource
from .values import Properties, Unsupported

PROVIDER = "pulumi:providers:kubernetes"
REFERENCE = "pulumi:pulumi:StackReference"
_UNSUPPORTED = ("kubernetes:helm.sh/", "kubernetes:kustomize/", "kubernetes:yaml/", "kubernetes:yaml:")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


class Goal(NamedTuple):
    """One registration."""

    resource: Resource
    ignore: tuple[Path, ...]
    replace_on: tuple[Path, ...]
    delete_first: bool | None
    aliases: tuple[str, ...]
    secret_outputs: tuple[str, ...]


class Plan(NamedTuple):
    """What is to be done, and why."""

    action: Action
    changed: tuple[str, ...] = ()
    delete_first: bool = False


def goal_of(request: resource_pb2.RegisterResourceRequest, project: str, stack: str) -> Goal:
    """What the request asks for. Raises `Unsupported` and `NoPath`."""
    _refuse(request)
    resource = Resource(
        urn=urn_of(stack, project, request.parent, request.type, request.name),
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=values.read(request.object),
        parent=request.parent,
        provider=request.provider,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={
            key: tuple(sorted(each.urns)) for key, each in sorted(request.propertyDependencies.items()) if each.urns
        },
        protect=request.protect,
        retain=request.retainOnDelete,
        deleted_with=request.deletedWith,
        seconds=_seconds(getattr(request.customTimeouts, "delete", "")),
    )
    return Goal(
        resource,
        tuple(paths.parse(text) for text in request.ignoreChanges),
        tuple(paths.parse(text) for text in request.replaceOnChanges),
        request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        tuple(request.aliasURNs),
        tuple(request.additionalSecretOutputs),
    )


def urn_of(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """The name by which the engine knows a resource: it holds the types of its parents."""
    above = parent.split("::")[2] if parent else ""
    prefix = "" if above in ("", STACK) else f"{above}$"
    return f"urn:pulumi:{stack}::{project}::{prefix}{kind}::{name}"


def decide(goal: Goal, old: Resource, found: list[Change], moved: bool) -> Plan:
    """What becomes of a resource that differs so from its last state; `moved`: its cluster is another one."""
    found = [change for change in found if not any(paths.covers(ignored, change.path) for ignored in goal.ignore)]
    changed = tuple(sorted(paths.text(change.path) for change in found)) + (("provider",) if moved else ())
    if not changed:
        return Plan("same")
    asked = any(paths.touches(pattern, change.path) for change in found for pattern in goal.replace_on)
    if not (moved or asked or any(change.replaces for change in found)):
        return Plan("update", changed)
    first = not moved and name_of(old.inputs) == name_of(goal.resource.inputs)
    return Plan("replace", changed, first if goal.delete_first is None else goal.delete_first)


def name_of(inputs: Properties) -> str:
    """The id of the object: `namespace/name`, or its name alone."""
    metadata = values.plain(inputs.get("metadata"))
    if not isinstance(metadata, Mapping):
        return ""
    namespace, name = metadata.get("namespace"), metadata.get("name", "")
    return f"{namespace}/{name}" if namespace else str(name)


def _refuse(request: resource_pb2.RegisterResourceRequest) -> None:
    asked = {
        "a component of a provider (remote)": request.remote,
        "the option import_": bool(request.importId),
        "transforms": bool(request.transforms),
        "the option replacement_trigger": request.HasField("replacement_trigger"),
        "the option replace_with": bool(request.replace_with),
        "state migrations": bool(request.state_migrations),
        f"the type {request.type}": request.custom and not _known(request.type),
    }
    for what, is_asked in asked.items():
        if is_asked:
            raise Unsupported(
                f"{request.name}: this monitor does not know {what}; it needs the real engine: `pulumi up`"
            )


def _known(kind: str) -> bool:
    if kind == PROVIDER:
        return True
    return kind.startswith("kubernetes:") and not kind.startswith(_UNSUPPORTED) and not kind.endswith(("Patch", "List"))


def _seconds(duration: str) -> float | None:
    """A duration as Go writes it: `5m`, `1h30m`."""
    number, total = "", 0.0
    for letter in duration:
        if letter in _UNITS:
            total, number = total + float(number) * _UNITS[letter], ""
        else:
            number += letter
    return total if duration else None


def known_read(kind: str, name: str) -> None:
    """Raises `Unsupported` for what this monitor cannot read."""
    if kind != REFERENCE and (kind == PROVIDER or not _known(kind)):
        raise Unsupported(f"{name}: this monitor cannot read {kind}; it needs the real engine")
