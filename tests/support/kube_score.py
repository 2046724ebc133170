"""kube-score from outside: what it holds against objects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_KUBERNETES = "v1.36"
_ALL_OK = 10


class Finding(NamedTuple):
    """A check that an object does not pass in full, and each of its remarks."""

    check: str
    kind: str
    namespace: str
    name: str
    said: tuple[str, ...]


def kube_score(program: Path, objects: Iterable[dict[str, Any]]) -> list[Finding]:
    """What it finds in a cluster's objects; annotations that tell it to look away have no effect.

    `program` is its binary. Custom resources, and kinds that it has no checks for, are not looked at.
    """
    command = [str(program), "score", "--kubernetes-version", _KUBERNETES, "--disable-ignore-checks-annotations"]
    documents = "\n---\n".join(json.dumps(each) for each in objects)
    run = subprocess.run([*command, "-o", "json", "-"], input=documents, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    assert run.stdout, run.stderr
    return list(_findings(json.loads(run.stdout)))


def _findings(scored: list[dict[str, Any]]) -> Iterator[Finding]:
    for each in scored:
        meta, kind = each["object_meta"], each["type_meta"]["kind"]
        for check in each["checks"]:
            if check["grade"] < _ALL_OK and not check["skipped"]:
                said = tuple(comment["summary"] for comment in check["comments"] or ())
                yield Finding(check["check"]["id"], kind, meta.get("namespace", ""), meta["name"], said)
