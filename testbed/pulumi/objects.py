"""Creates, updates and compares the objects of one cluster, by server-side apply."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from ..api import Api, ApiError, Object, Ref
from ..process import until
from .plan import Action

MANAGER = "pulumi-stand-in"
"""The field manager of everything that the stand-in applies."""
WAIT_FOR = "pulumi.com/waitFor"
"""Annotation: the condition to wait for, as `condition=<type>`. https://www.pulumi.com/registry/packages/kubernetes/"""
_WAIT_SECONDS = 300.0
_NOT_FOUND = 404
_BY_THE_SERVER = {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"}


class NotApplied(Exception):
    """An object was not created or updated. The message says which one, and why."""


class Result(NamedTuple):
    """What was done with an object, or would be."""

    action: Action
    changed: tuple[str, ...] = ()
    """The paths of the fields that change."""


class Objects:
    """The objects of one cluster. Threads may share it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()

    def plan(self, item: Object | None, ref: Ref) -> Result:
        """What `apply` would change. `item` is None if some of its fields are known only during `apply`."""
        with self._lock:
            before = self._get(ref)
            if before is None:
                return Result("create")
            if item is None:
                return Result("update", ("(known only during up)",))
            return _compared(before, self._apply(item, dry_run=True))

    def apply(self, item: Object) -> Result:
        """Creates or updates the object, and waits for the condition that its annotation names."""
        ref = Ref.of(item)
        with self._lock:
            before = self._get(ref)
            after = self._apply(item)
        if condition := item["metadata"].get("annotations", {}).get(WAIT_FOR):
            self._wait(ref, condition)
        return Result("create") if before is None else _compared(before, after)

    def _get(self, ref: Ref) -> Object | None:
        with _explained(ref):
            try:
                return self._api.get(ref)
            except ApiError as refused:
                if refused.status == _NOT_FOUND:  # the cluster does not know the kind yet
                    return None
                raise

    def _apply(self, item: Object, dry_run: bool = False) -> Object:
        with _explained(Ref.of(item)):
            return self._api.apply(item, MANAGER, dry_run=dry_run).object

    def _wait(self, ref: Ref, condition: str) -> None:
        match = re.fullmatch(r"condition=(\w+)", condition)
        if match is None:
            raise NotApplied(f"{ref}: {WAIT_FOR} must be condition=<type>, got {condition!r}")

        def has_it() -> bool:
            with self._lock:
                return is_true(self._get(ref), match[1])

        until(has_it, f"{ref} has the condition {match[1]}", _WAIT_SECONDS)


@contextmanager
def _explained(ref: Ref) -> Iterator[None]:
    try:
        yield
    except ApiError as refused:
        raise NotApplied(f"{ref}: the API server refused it: {refused}") from refused
    except httpx.TransportError as error:
        raise NotApplied(f"{ref}: cannot reach the API server: {error or type(error).__name__}; try again") from error


def is_true(item: Mapping[str, Any] | None, condition: str) -> bool:
    """Whether a condition of the object's current generation is True."""
    generation = (item or {}).get("metadata", {}).get("generation")
    return any(
        (each["type"], each["status"], each.get("observedGeneration", generation)) == (condition, "True", generation)
        for each in (item or {}).get("status", {}).get("conditions", [])
    )


def _compared(before: Object, after: Object) -> Result:
    changed = tuple(differences(_own(before), _own(after)))
    return Result("update", changed) if changed else Result("same")


def _own(item: Object) -> Object:
    """The object without what the API server writes."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in _BY_THE_SERVER}
    return {**item, "metadata": metadata, "status": None}


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths at which two objects differ: `spec.replicas`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif before != after:
        yield path
