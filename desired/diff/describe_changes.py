"""What changed in one object, in the words in which people ask about it; else by the path of the field."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeGuard

from constructs_lib.parts.names import SERVICE_LABEL
from constructs_lib.values.data import Json, Object

from ..wording import counted
from .changes import ABSENT, Change, changes

_LONG = 80


def words(old: Object, new: Object) -> list[str]:
    """What changed, one phrase for each field; empty if both are the same."""
    main = _main_container(new)
    return [_word(change, main) for change in changes(old, new)]


def texts(old: Object, new: Object) -> list[str]:
    """The lines that changed in multi-line strings, such as configuration files."""
    found: list[str] = []
    for change in changes(old, new):
        if _is_text(change):
            found.extend([change.place, *_differing_lines(change)])
    return found


def _main_container(item: Object) -> str:
    labels = (item.get("metadata") or {}).get("labels") or {}
    return str(labels.get(SERVICE_LABEL, "")) if isinstance(labels, dict) else ""


def _word(change: Change, main: str) -> str:
    label, value_text = _label(change, main)
    if _is_text(change):
        lines = _differing_lines(change)
        came, gone = (sum(line.startswith(mark) for line in lines) for mark in "+-")
        return f"{label or change.place}: {counted(came, 'line')} added, {counted(gone, 'line')} removed"
    if change.old is ABSENT:
        return f"{label or change.place} added: {_cut(value_text(change.new))}"
    if change.new is ABSENT:
        return f"{label or change.place} removed, was {_cut(value_text(change.old))}"
    if parts := _came_and_went(change):
        return f"{label or change.place}: {parts}"
    old, new = value_text(change.old), value_text(change.new)
    if label == "image" or label.startswith("image of "):
        old, new = _images(str(change.old), str(change.new))
    old, new = _where_they_differ(old, new)
    return f"{label or change.place + ':'} {old} → {new}"


def _is_text(change: Change) -> bool:
    return isinstance(change.old, str) and isinstance(change.new, str) and "\n" in change.old + change.new


def _differing_lines(change: Change) -> list[str]:
    return list(difflib.unified_diff(str(change.old).splitlines(), str(change.new).splitlines(), lineterm="", n=1))[2:]


_ORDERED = (".command", ".args", ".order")
"""Lists whose order is their meaning."""


def _are_names(value: object) -> TypeGuard[list[str | int]]:
    return isinstance(value, list) and all(isinstance(item, str | int) for item in value)


def _came_and_went(change: Change) -> str:
    old, new = change.old, change.new
    if not _are_names(old) or not _are_names(new) or change.place.endswith(_ORDERED):
        return ""
    came = [_text(item) for item in new if item not in old]
    gone = [_text(item) for item in old if item not in new]
    parts = ((came, "added"), (gone, "removed"))
    return ", ".join(f"{', '.join(items)} {what}" for items, what in parts if items)


def _images(old: str, new: str) -> tuple[str, str]:
    """Both images as short as they can be told apart by."""
    (old_name, _, old_digest), (new_name, _, new_digest) = (each.partition("@sha256:") for each in (old, new))
    if not old_digest or not new_digest:
        return old, new
    # Digests that begin alike are told apart by their ends.
    ends = old_digest[:12] == new_digest[:12]
    shorts = [f"…{each[-12:]}" if ends else f"{each[:12]}…" for each in (old_digest, new_digest)]
    if old_name == new_name:
        return shorts[0], shorts[1]
    return f"{old_name}@{shorts[0]}", f"{new_name}@{shorts[1]}"


def _where_they_differ(old: str, new: str, around: int = 16) -> tuple[str, str]:
    """Both strings. Long ones are cut to the part that differs and a little around it."""
    if max(len(old), len(new)) <= _LONG:
        return old, new
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    first, last = max(0, start - around), max(0, end - around)
    return tuple(  # type: ignore[return-value]
        _cut(("…" if first else "") + text[first : len(text) - last] + ("…" if last else "")) for text in (old, new)
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _text(value: object) -> str:
    """A value as a word shows it: on one line."""
    if isinstance(value, str):
        return value.replace("\n", "⏎") if value else '""'
    if isinstance(value, list) and _are_names(value):
        return ", ".join(_text(item) for item in value) or "[]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _variable(item: object) -> str:
    if not isinstance(item, dict):
        return _text(item)
    source = item.get("valueFrom")
    if not isinstance(source, dict):
        return _text(item.get("value", ""))
    for kind, what in (("secretKeyRef", "secret"), ("configMapKeyRef", "config")):
        if isinstance(reference := source.get(kind), dict):
            return f"from the {what} {reference.get('name')}, key {reference.get('key')}"
    if isinstance(field := source.get("fieldRef"), dict):
        return f"from the field {field.get('fieldPath')}"
    return _text(source)


def _probe(item: object) -> str:
    if not isinstance(item, dict):
        return _text(item)
    asked: dict[str, Callable[[Json], str]] = {
        "httpGet": lambda ask: f"HTTP {ask.get('path', '/')} on {ask.get('port')}",
        "grpc": lambda ask: f"gRPC on {ask.get('port')}",
        "tcpSocket": lambda ask: f"TCP on {ask.get('port')}",
        "exec": lambda ask: f"runs {' '.join(map(str, ask.get('command', [])))}",
    }
    what = next((say(item[kind]) for kind, say in asked.items() if isinstance(item.get(kind), dict)), "a question")
    return f"{what} every {item.get('periodSeconds', 10)} s"


def _field(name: str, before: str = "") -> Callable[[object], str]:
    def text(item: object) -> str:
        return f"{before}{_text(item[name])}" if isinstance(item, dict) and name in item else _text(item)

    return text


class _Label(NamedTuple):
    place: re.Pattern[str]
    template: str
    value_text: Callable[[object], str]


_TEMPLATE = r"spec\.(?:jobTemplate\.spec\.)?template"
_POD = rf"{_TEMPLATE}\.spec"
_CONTAINER = rf"{_POD}\.(?:c|initC)ontainers\[(?P<container>[^]]+)\]"
_RULE = r"spec\.rules\[(?P<rule>\d+)\]"
_PLACES: tuple[tuple[str, str, Callable[[object], str]], ...] = (
    (r"spec\.replicas", "replicas", _text),
    (r"spec\.(?P<bound>min|max)Replicas", "{bound} replicas", _text),
    (r"spec\.metrics\[(?P<name>[^]]+)\]\..*averageUtilization", "{name} target in per cent", _text),
    (r"spec\.metrics\[(?P<name>[^]]+)\]\..*average[Vv]alue", "{name} target", _text),
    (rf"{_CONTAINER}", "container {container}", _field("image", "image ")),
    (rf"{_CONTAINER}\.image", "image{of}", _text),
    (rf"{_CONTAINER}\.env\[(?P<name>[^]]+)\]", "env {name}{of}", _variable),
    (rf"{_CONTAINER}\.resources\.requests\.(?P<name>.+)", "{name} request{of}", _text),
    (rf"{_CONTAINER}\.resources\.limits\.(?P<name>.+)", "{name} limit{of}", _text),
    (rf"{_CONTAINER}\.args", "arguments{of}", _text),
    (rf"{_CONTAINER}\.command", "command{of}", _text),
    (rf"{_CONTAINER}\.(?P<probe>startup|readiness|liveness)Probe", "{probe} probe{of}", _probe),
    (rf"{_CONTAINER}\.(?P<probe>startup|readiness|liveness)Probe\.(?P<rest>.+)", "{probe} probe {rest}{of}", _text),
    (rf"{_CONTAINER}\.ports\[(?P<name>[^]]+)\]", "port {name}{of}", _field("containerPort")),
    (rf"{_CONTAINER}\.ports\[(?P<name>[^]]+)\]\.containerPort", "port {name}{of}", _text),
    (rf"{_CONTAINER}\.volumeMounts\[(?P<name>[^]]+)\]", "mount {name}{of}", _field("name", "volume ")),
    (rf"{_POD}\.volumes\[(?P<name>[^]]+)\]", "volume {name}", _text),
    (rf"{_POD}\.volumes\[(?P<name>[^]]+)\]\.configMap\.name", "ConfigMap of volume {name}", _text),
    (rf"{_POD}\.terminationGracePeriodSeconds", "grace period in seconds", _text),
    (rf"{_POD}\.priorityClassName", "priority class", _text),
    (r"spec\.ports\[(?P<name>[^]]+)\]", "port {name}", _field("port")),
    (r"spec\.ports\[(?P<name>[^]]+)\]\.port", "port {name}", _text),
    (r"spec\.schedule", "schedule", _text),
    (r"spec\.hostnames", "hosts", _text),
    (r"spec\.parentRefs\[(?P<name>[^]]+)\]", "gateway {name}", _text),
    (rf"{_RULE}\.backendRefs\[(?P<name>[^]]+)\]", "backend {name}{in_rule}", _field("weight", "weight ")),
    (rf"{_RULE}\.backendRefs\[(?P<name>[^]]+)\]\.weight", "weight of {name}{in_rule}", _text),
    (rf"{_RULE}\.timeouts\.request", "request time-out{in_rule}", _text),
    (r"metadata\.labels(?:\.|\[\")(?P<name>[^\"]+)(?:\"\])?", "label {name}", _text),
    (r"metadata\.annotations(?:\.|\[\")(?P<name>[^\"]+)(?:\"\])?", "annotation {name}", _text),
    (rf"{_TEMPLATE}\.metadata\.labels(?:\.|\[\")(?P<name>[^\"]+)(?:\"\])?", "pod label {name}", _text),
    (rf"{_TEMPLATE}\.metadata\.annotations(?:\.|\[\")(?P<name>[^\"]+)(?:\"\])?", "pod annotation {name}", _text),
    (r"data(?:\.|\[\")(?P<name>[^\"]+)(?:\"\])?", "key {name}", _text),
)  # fmt: skip
_LABELS = tuple(_Label(re.compile(rf"{place}\Z"), template, text) for place, template, text in _PLACES)


def _label(change: Change, main: str) -> tuple[str, Callable[[object], str]]:
    """The field's name and how its value is shown. The name is empty for a field known only by its path."""
    for label in _LABELS:
        if match := label.place.match(change.place):
            return label.template.format(**_named_parts(match.groupdict(), main)), label.value_text
    return "", _text


def _named_parts(groups: Mapping[str, str | None], main: str) -> dict[str, str]:
    container, rule = groups.get("container"), groups.get("rule")
    given = {name: text or "" for name, text in groups.items()}
    return {
        **given,
        "of": f" of {container}" if container and container != main else "",
        "in_rule": f" in rule {int(rule) + 1}" if rule and rule != "0" else "",
    }


_HASHED = re.compile(r"\A(?P<stem>.+)-[0-9a-f]{10}\Z")


def renamed(removed: Iterable[Object], added: Iterable[Object]) -> list[tuple[Object, Object]]:
    """ConfigMaps that are one and the same but for their content and the hash of it in their name."""
    gone = {stem: each for each in removed if (stem := _stem(each))}
    come = {stem: each for each in added if (stem := _stem(each))}
    return [(gone[stem], come[stem]) for stem in gone if stem in come]


def _stem(item: Object) -> str | None:
    name = str((item.get("metadata") or {}).get("name", ""))
    match = _HASHED.match(name)
    return match["stem"] if match and item.get("kind") == "ConfigMap" else None


__all__ = ["renamed", "texts", "words"]
