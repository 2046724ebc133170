"""An API server of a few lines: server-side apply with owners and conflicts, for the kinds that these tests use."""

import base64
import copy
import itertools
import threading
from collections.abc import Iterator
from typing import Any

from testbed.api import Answer, Object, Ref, Refused

NAMESPACED = {"ConfigMap": True, "Secret": True, "Deployment": True, "Namespace": False, "Widget": True}
_META = ("name", "namespace")


class Cluster:
    """Objects by their names; each knows who applied what."""

    def __init__(self, kinds: dict[str, bool] | None = None) -> None:
        self.kinds = dict(NAMESPACED if kinds is None else kinds)
        self.objects: dict[Ref, dict[str, Object]] = {}
        self.warnings: list[str] = []
        self.writes: list[str] = []
        self.dry_runs: list[str] = []
        self.held: set[str] = set()
        self.uids: dict[Ref, str] = {}
        self._count = itertools.count(1)
        self._lock = threading.RLock()

    def names(self) -> set[str]:
        return {f"{ref.kind}/{ref.name}" for ref in self.objects}

    def namespaced(self, version: str, kind: str) -> bool:
        if kind not in self.kinds:
            raise Refused(404, f"the server has no {kind} in {version}")
        return self.kinds[kind]

    def get(self, ref: Ref) -> Object | None:
        with self._lock:
            return self._seen(ref) if ref in self.objects else None

    def apply(self, item: Object, manager: str = "test", dry_run: bool = False, force: bool = True) -> Answer:
        with self._lock:
            ref = Ref.of(item)
            if self.namespaced(ref.version, ref.kind):
                assert ref.namespace, f"{ref} without a namespace"
                if not any(r.kind == "Namespace" and r.name == ref.namespace for r in self.objects):
                    raise Refused(404, f'namespaces "{ref.namespace}" not found')
            self._refuse_conflicts(ref, item, manager, force)
            (self.dry_runs if dry_run else self.writes).append(f"{manager} {ref}")
            before, uids = copy.deepcopy(self.objects), dict(self.uids)
            self._write(ref, item, manager)
            answer = Answer(self._seen(ref), list(self.warnings))
            if dry_run:
                self.objects, self.uids = before, uids
            return answer

    def delete(self, ref: Ref, grace_seconds: int | None = None, propagation: str = "") -> None:
        with self._lock:
            if ref not in self.objects:
                raise Refused(404, f"{ref} not found")
            self.writes.append(f"delete {ref}")
            if ref.name not in self.held:
                del self.objects[ref]
                del self.uids[ref]
            if ref.kind == "Namespace":
                for inside in [r for r in self.objects if r.namespace == ref.name]:
                    self.delete(inside)

    def _write(self, ref: Ref, item: Object, manager: str) -> None:
        applied = self.objects.setdefault(ref, {})
        self.uids.setdefault(ref, f"uid-{next(self._count)}")
        for other in applied:
            for path in leaves(item):
                if other != manager and path[-1] not in _META:
                    _remove(applied[other], path)
        applied.pop(manager, None)
        applied[manager] = copy.deepcopy(item)

    def _refuse_conflicts(self, ref: Ref, item: Object, manager: str, force: bool) -> None:
        for other, theirs in self.objects.get(ref, {}).items():
            owned = dict(leaves(theirs).items())
            for path, value in leaves(item).items():
                if other != manager and not force and path[0] != "metadata" and owned.get(path, value) != value:
                    where = ".".join(path)
                    raise Refused(409, f'Apply failed with 1 conflict: conflict with "{other}": .{where}')

    def _seen(self, ref: Ref) -> Object:
        live: Object = {}
        for applied in self.objects[ref].values():
            _merge(live, copy.deepcopy(applied))
        if texts := live.pop("stringData", None):
            encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
            live["data"] = live.get("data", {}) | encoded
        if ref.kind == "Deployment":
            live.setdefault("spec", {}).setdefault("strategy", "RollingUpdate")
            live["status"] = {"replicas": 0}
        live["metadata"]["uid"] = self.uids[ref]
        live["metadata"]["managedFields"] = [
            {"manager": manager, "operation": "Apply", "fieldsV1": _fields(applied)}
            for manager, applied in self.objects[ref].items()
        ]
        return live


def leaves(item: Any) -> dict[tuple[str, ...], Any]:
    return dict(_leaves(item, ()))


def _leaves(item: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(item, dict) and item:
        for key, value in item.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, item


def _merge(into: Object, item: Object) -> None:
    for key, value in item.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _remove(item: Object, path: tuple[str, ...]) -> None:
    for part in path[:-1]:
        item = item.get(part, {})
    item.pop(path[-1], None)


def _fields(item: Any) -> Object:
    return {f"f:{key}": _fields(value) for key, value in item.items()} if isinstance(item, dict) else {}
