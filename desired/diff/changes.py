"""What differs between two states of one object, field by field. Entries of lists are matched by what names them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from constructs_lib.values.data import Json


class Nothing(Enum):
    """Marks a field that is absent, because `null` is a value."""

    ABSENT = "nothing"


ABSENT = Nothing.ABSENT


class ListEntry(NamedTuple):
    """A step of a path into a list: the name of the entry, or its index where entries have no names."""

    name: str


Path = tuple[str | ListEntry, ...]


class Change(NamedTuple):
    """A field, and what it was and is."""

    path: Path
    old: object
    new: object

    @property
    def place(self) -> str:
        """The path as one string: `spec.template.spec.containers[checkout].image`."""
        return path_text(self.path)


def path_text(path: Path) -> str:
    """A path as one string. A key with a dot is put in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, ListEntry):
            text += f"[{step.name}]"
        elif "." in step or "/" in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


def changes(old: object, new: object, path: Path = ()) -> Iterator[Change]:
    """The fields that differ, in the order of the file. A value that was added or removed is one change."""
    old, new = _opened(path, old, new), _opened(path, new, old)
    if isinstance(old, dict) and isinstance(new, dict) and not _is_whole(path):
        for key in {**old, **new}:
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(item, dict) for item in old + new):
        yield from _list_changes(old, new, path)
    elif not same(old, new):
        yield Change(path, old, new)


def same(old: object, new: object) -> bool:
    """Whether both are the same in a manifest: 1 is neither 1.0 nor true there."""
    return _canonical(old) == _canonical(new)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


_OPENED = {
    "labels",
    "annotations",
    "data",
    "env",
    "requests",
    "limits",
    "ports",
    "volumes",
    "volumeMounts",
    "initContainers",
}
"""Fields that are reported entry by entry, even if the whole field was added or removed."""


def _opened(path: Path, value: object, other: object) -> object:
    if value is ABSENT and path and path[-1] in _OPENED and isinstance(other, dict | list) and other:
        return type(other)()
    return value


def _is_whole(path: Path) -> bool:
    """A variable is one value, wherever that comes from."""
    return len(path) > 1 and path[-2] == "env" and isinstance(path[-1], ListEntry)


def _list_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
    before, after = _named(old, path), _named(new, path)
    if before is None or after is None:
        yield from _unnamed_changes(old, new, path)
        return
    for name in {**before, **after}:
        yield from changes(before.get(name, ABSENT), after.get(name, ABSENT), (*path, ListEntry(name)))
    if (kept := [name for name in before if name in after]) != (moved := [name for name in after if name in before]):
        yield Change((*path, "order"), kept, moved)


def _unnamed_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
    """Ignores entries that are in both; compares the others in order, the first with the first."""
    gone, come = _without(old, new), _without(new, old)
    if not gone and not come and not same(old, new):
        yield Change(path, old, new)
    for index in range(max(len(gone), len(come))):
        was = gone[index] if index < len(gone) else None
        now = come[index] if index < len(come) else None
        place = ListEntry(str((now or was or (0,))[0]))
        yield from changes(was[1] if was else ABSENT, now[1] if now else ABSENT, (*path, place))


def _without(items: list[Any], others: list[Any]) -> list[tuple[int, Any]]:
    left = [_canonical(each) for each in others]
    found = []
    for index, item in enumerate(items):
        if (text := _canonical(item)) in left:
            left.remove(text)
        else:
            found.append((index, item))
    return found


def _named(items: list[Any], path: Path) -> Json | None:
    """The entries by name, or None if some have no name or share one."""
    name_of = _NAMES.get(str(path[-1]) if path else "", _by_name)
    found: Json = {}
    for item in items:
        name = name_of(item) if isinstance(item, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = item
    return found


def _by_name(item: Json) -> object:
    return item.get("name")


def _by_port(item: Json) -> object:
    return str(item.get("name") or item.get("containerPort") or item.get("port"))


def _by_section(item: Json) -> object:
    return "/".join(str(item[key]) for key in ("name", "sectionName") if key in item)


def _by_metric(item: Json) -> object:
    about = item.get(str(item.get("type", "")).lower())
    about = about.get("metric", about) if isinstance(about, dict) else {}
    return about.get("name") if isinstance(about, dict) else None


_NAMES: dict[str, Callable[[Json], object]] = {
    "volumeMounts": lambda item: item.get("mountPath"),
    "topologySpreadConstraints": lambda item: item.get("topologyKey"),
    "ports": _by_port,
    "parentRefs": _by_section,
    "metrics": _by_metric,
}
