"""The objects of one cluster, written and deleted as the Kubernetes provider does it; only here are they written."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import httpx

from ..api import Answer, Object, Ref, Refused
from .awaiting import WAIT_FOR, unmet
from .difference import Mutable
from .ownership import left_alone
from .paths import Path
from .values import Properties, Secret, is_unknown, plain

FORCE = "pulumi.com/patchForce"
MANAGER = "pulumi.com/patchFieldManager"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
TIMEOUT = "pulumi.com/timeoutSeconds"
MANAGER_PREFIX = "pulumi-kubernetes"
DELETE_UNREACHABLE = "PULUMI_K8S_DELETE_UNREACHABLE"
DELETE_SECONDS = READY_SECONDS = 600.0
_MISSING, _FORBIDDEN, _CONFLICT = 404, 403, 409
_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before a create is tried again whose namespace or definition is not there yet."""
_LOOK_EVERY = 0.1
_DASHED = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
"""Keys that the typed classes of `pulumi_kubernetes` write another way than Kubernetes."""


class Api(Protocol):
    """What this monitor asks of an API server; `testbed.api.Api` is one."""

    def apply(self, item: Object, manager: str = ..., dry_run: bool = ..., force: bool = ...) -> Answer:
        """Server-side apply with strict field validation."""

    def get(self, ref: Ref) -> Object | None:
        """The object, or nothing where there is none."""

    def delete(self, ref: Ref, grace_seconds: int | None = ..., propagation: str = ...) -> None:
        """Asks for the object's end."""

    def namespaced(self, version: str, kind: str) -> bool:
        """Whether objects of this kind lie in namespaces."""


Clusters = Callable[[str, str | None], Api]
"""The API server for a provider's name and its kubeconfig (None: the ambient one)."""


class NotDone(Exception):
    """An object could not be made as wanted; the sentence says why and what helps."""


class Unanswered(NotDone):
    """The server did not answer: nobody knows whether it was done."""


class Gate:
    """Counts the writes of a run and, for tests, refuses one of them as an API server would."""

    def __init__(self, fail_after: int | None = None) -> None:
        """The `fail_after`th write (from 1) is refused."""
        self._fail_after = fail_after
        self._lock = threading.Lock()
        self.writes = 0

    def enter(self) -> None:
        """Before each write. Raises `Refused`."""
        with self._lock:
            self.writes += 1
            if self.writes == self._fail_after:
                raise Refused(500, f"write {self.writes} is refused, as the test asked for")


class Settings(NamedTuple):
    """What a provider was told."""

    namespace: str = "default"
    force: bool = False
    upsert: bool = False
    delete_unreachable: bool = False
    mutable: Mutable = Mutable()


class Objects:
    """One cluster's objects. Methods raise `NotDone`; `warn` gets what the server warns of."""

    def __init__(self, api: Api, settings: Settings, gate: Gate, warn: Callable[[str, str], None]) -> None:
        """`warn` takes the text and the URN of the resource that it is about."""
        self.settings = settings
        self._api = api
        self._gate = gate
        self._warn = warn

    def placed(self, inputs: Properties) -> Properties:
        """The inputs with the namespace that they come to. Raises `NotDone` for an object without a name."""
        metadata = inputs.get("metadata") or {}
        if isinstance(metadata, Secret):
            return self.placed(inputs | {"metadata": metadata.value})
        if is_unknown([metadata, inputs["apiVersion"], inputs["kind"]]):
            return inputs
        if "name" not in metadata:
            raise NotDone(f"{inputs.get('kind')}: metadata.name is missing; this monitor makes no names of its own")
        try:
            namespaced = self._api.namespaced(plain(inputs["apiVersion"]), plain(inputs["kind"]))
        except (Refused, httpx.TransportError):
            return inputs  # its definition comes later in the same run
        if not namespaced:
            return inputs | {"metadata": {key: value for key, value in metadata.items() if key != "namespace"}}
        return inputs | {"metadata": metadata | {"namespace": metadata.get("namespace") or self.settings.namespace}}

    def tried(self, inputs: Properties, urn: str, new: bool) -> Properties | None:
        """The object as a dry run returns it; nothing where the cluster cannot tell yet."""
        item = manifest(inputs)
        try:
            answer = self._api.apply(item, manager(item, urn), dry_run=True, force=new or self._forced(item))
        except Refused as refusal:
            if refusal.status in (_MISSING, _FORBIDDEN) or (new and "immutable" in str(refusal)):
                return None
            raise NotDone(_refused(item, refusal)) from refusal
        except httpx.TransportError as error:
            self._warn(f"configured Kubernetes cluster is unreachable: {error}", urn)
            return None
        self._tell(answer, urn)
        return {key: value for key, value in answer.object.items() if key != "status"}

    def create(self, inputs: Properties, urn: str) -> Properties:
        """A new object, as the server has it. One that is already there is refused, unless told to take it over."""
        item = manifest(self.placed(inputs))
        if not self.settings.upsert and self._read(item) is not None:
            raise NotDone(
                f"{Ref.of(item)}: the resource already exists in the cluster and is not in this stack's state; "
                "delete it, or set upsertExistingObjects on the provider to take it over"
            )
        return self._apply(inputs, urn, _PAUSES)

    def update(self, inputs: Properties, urn: str, ignored: Iterable[Path]) -> Properties:
        """The object with these inputs; what others own of the ignored paths is left to them."""
        item = manifest(inputs)
        if ignored and (live := self._read(item)):
            item = left_alone(item, live, ignored, manager(item, urn))
        return self._apply(item, urn)

    def read(self, inputs: Properties) -> Properties | None:
        """The object as it is now, or nothing where there is none."""
        return self._read(manifest(inputs))

    def made_by_us(self, inputs: Properties, urn: str) -> Properties | None:
        """The object, if it is there and a run of this resource made it."""
        item = manifest(self.placed(inputs))
        live = self._read(item)
        fields = live["metadata"].get("managedFields") or () if live else ()
        return live if any(field.get("manager") == manager(item, urn) for field in fields) else None

    def delete(self, inputs: Properties, urn: str, seconds: float | None) -> None:
        """Ends the object and waits until it is gone; one that is gone already is fine."""
        item = manifest(inputs)
        said = _annotations(item)
        policy = str(said.get(PROPAGATION) or "foreground").capitalize()
        try:
            self._gate.enter()
            self._api.delete(Ref.of(item), propagation=policy)
        except Refused as refusal:
            if refusal.status == _MISSING:
                return
            raise NotDone(_refused(item, refusal)) from refusal
        except httpx.TransportError as error:
            if not self.settings.delete_unreachable:
                raise Unanswered(
                    f"{_unreachable(item, error)}; if it is gone, set {DELETE_UNREACHABLE}=true"
                ) from error
            self._warn(f"{_unreachable(item, error)}: taken for deleted", urn)
            return
        self._await_end(item, float(said.get(TIMEOUT) or seconds or DELETE_SECONDS))

    def _await_end(self, item: Object, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (found := self._read(item)) is not None:
            if time.monotonic() > end:
                late = f"{Ref.of(item)}: was not gone after {seconds:.0f} s{_held(found)}"
                raise NotDone(f"{late}; run this again to wait longer")
            time.sleep(_LOOK_EVERY)

    def _apply(self, inputs: Properties, urn: str, pauses: Iterable[float] = ()) -> Properties:
        pauses = iter(pauses)
        while True:
            item = manifest(self.placed(inputs))
            try:
                self._gate.enter()
                answer = self._api.apply(item, manager(item, urn), force=self._forced(item))
            except Refused as refusal:
                pause = next(pauses, None) if refusal.status == _MISSING else None
                if pause is None:
                    raise NotDone(_refused(item, refusal)) from refusal
                time.sleep(pause)
            except httpx.TransportError as error:
                raise Unanswered(_unreachable(item, error)) from error
            else:
                self._tell(answer, urn)
                return self._await_ready(item, answer.object)

    def _await_ready(self, item: Object, made: Properties) -> Properties:
        """The object once it has the condition that its annotation names, if there is one."""
        wanted = _annotations(item).get(WAIT_FOR)
        seconds = float(_annotations(item).get(TIMEOUT) or READY_SECONDS)
        end = time.monotonic() + seconds
        while wanted and (lacking := unmet(wanted, made)):
            if time.monotonic() > end:
                raise NotDone(f"{Ref.of(item)}: {lacking} after {seconds:.0f} s; run this again to wait longer")
            time.sleep(_LOOK_EVERY)
            made = self._read(item) or made
        return made

    def _read(self, item: Object) -> Properties | None:
        try:
            return self._api.get(Ref.of(item))
        except Refused as refusal:
            if refusal.status == _MISSING:
                return None
            raise NotDone(_refused(item, refusal)) from refusal
        except httpx.TransportError as error:
            raise NotDone(_unreachable(item, error)) from error

    def _forced(self, item: Object) -> bool:
        return self.settings.force or _annotations(item).get(FORCE) == "true"

    def _tell(self, answer: Answer, urn: str) -> None:
        for warning in answer.warnings:
            self._warn(warning, urn)


def manifest(inputs: Mapping[str, Any]) -> Object:
    """What is sent to the server for these inputs."""
    item: Object = _dashed(plain(dict(inputs)))
    return {key: value for key, value in item.items() if key != "status"}


def manager(item: Object, urn: str) -> str:
    """Whose fields they are: the provider's name with a part of its own for each resource, the same in every run."""
    digest = hashlib.sha256(urn.encode()).hexdigest()[:8]
    return str(_annotations(item).get(MANAGER) or f"{MANAGER_PREFIX}-{digest}")


def _dashed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_DASHED.get(key, key): _dashed(item) for key, item in value.items() if item is not None}
    return [_dashed(item) for item in value] if isinstance(value, list) else value


def _annotations(item: Object) -> dict[str, Any]:
    return item.get("metadata", {}).get("annotations") or {}


def _refused(item: Object, refusal: Refused) -> str:
    said = f"{Ref.of(item)}: the API server refused it: {refusal}"
    if refusal.status == _CONFLICT and "conflict" in str(refusal).lower():
        return f'{said}; the annotation {FORCE}: "true" takes such fields over, ignoreChanges leaves them to the other'
    if refusal.status == _MISSING:
        return f"{said}; its namespace and its definition must exist first (dependsOn)"
    return said


def _unreachable(item: Object, error: Exception) -> str:
    return f"{Ref.of(item)}: configured Kubernetes cluster is unreachable: {error or type(error).__name__}"


def _held(found: Object) -> str:
    finalizers = found["metadata"].get("finalizers") or []
    return f", held by the finalizers {', '.join(finalizers)}" if finalizers else ""
