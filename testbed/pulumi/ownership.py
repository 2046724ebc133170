"""Who owns which field of an object, as server-side apply notes it."""

from collections.abc import Iterable

from ..api import Object
from . import paths
from .paths import Path


def left_alone(item: Object, live: Object, ignored: Iterable[Path], us: str) -> Object:
    """Of each ignored path: what the cluster has, or nothing where somebody else owns it."""
    entries = live["metadata"].get("managedFields") or ()
    ours = [entry["fieldsV1"] for entry in entries if entry.get("manager") == us]
    theirs = [entry["fieldsV1"] for entry in entries if entry.get("manager") != us]
    for pattern in ignored:
        for path in paths.expand(pattern, item, live):
            if any(_owns(f, path) for f in theirs) and not any(_owns(f, path) for f in ours):
                item = paths.put(item, path, False, None)
            elif (found := paths.get(live, path))[0]:
                item = paths.put(item, path, True, found[1])
    return item


def _owns(fields: Object, path: Path) -> bool:
    for part in path:
        if f"f:{part}" not in fields:
            return False
        fields = fields[f"f:{part}"]
    return True
