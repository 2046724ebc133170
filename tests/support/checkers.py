"""The checkers from outside: Kubernetes' own schemas, and checkov's policies."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import kubernetes_validate  # type: ignore[import-untyped]

from tests.support.shipped import ROOT

KUBERNETES = "1.37"
_CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
_NOWHERE = "http://127.0.0.1:9"

NoSchema = kubernetes_validate.SchemaNotFoundError


def schema_finding(data: dict[str, Any]) -> str | None:
    """What Kubernetes' schema says against an object. Raises NoSchema where its kind has none."""
    try:
        kubernetes_validate.validate(data, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(str(each) for each in error.path)}: {error.message}"
    return None


class Failed(NamedTuple):
    """A check of checkov that an object fails."""

    check: str
    path: str
    resource: str


class Report(NamedTuple):
    """What checkov says of a folder; paths are below it."""

    failed: tuple[Failed, ...]
    looked_at: frozenset[str]
    unreadable: tuple[str, ...]
    skipped: int


def checkov(folder: Path, home: Path) -> Report:
    """Run checkov over a folder, with no network and with no settings of this user: its home is the one given."""
    command = [
        str(_CHECKOV),
        "-d",
        ".",
        "--framework",
        "kubernetes",
        "--compact",
        "--skip-download",
        "--output",
        "json",
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTPS_PROXY": _NOWHERE,
        "HTTP_PROXY": _NOWHERE,
    }
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    results = json.loads(run.stdout)["results"]
    failed, passed = results["failed_checks"], results["passed_checks"]
    return Report(
        tuple(Failed(each["check_id"], each["file_path"].lstrip("/"), each["resource"]) for each in failed),
        frozenset(each["file_path"].lstrip("/") for each in failed + passed),
        tuple(results["parsing_errors"]),
        len(results["skipped_checks"]),
    )
