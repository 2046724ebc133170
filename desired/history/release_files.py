"""Environments as the files of `releases/`, and back."""

from __future__ import annotations

from typing import TypeVar

from constructs_lib.values import validated
from constructs_lib.values.release import ReleaseFile

from ..core.model import EnvironmentState, Holds, changed
from ..render import yaml

T = TypeVar("T", bound=ReleaseFile)
ROOT = "releases"
"""The folder of all environments' folders."""
PIN, HOLDS, SIGNERS = "platform", "holds", "allowed_signers"
"""Names of files that are not services. The signers' has no ending, as it is written as ssh-keygen reads it."""
OTHERS = (PIN, HOLDS, SIGNERS)


def folder(environment: str) -> str:
    """The folder of the environment's files."""
    return f"{ROOT}/{environment}"


def parse(model: type[T], path: str, text: str) -> T:
    """The value in a file. Raises Problem with what is wrong in it."""
    return validated(model, path, yaml.mapping(path, text))


def signers(environment: str) -> str:
    """The path of the file that names the environment's signers."""
    return f"{folder(environment)}/{SIGNERS}"


def file_changes(before: EnvironmentState, after: EnvironmentState) -> dict[str, str | None]:
    """Paths and texts of the files that differ; None for those that were removed."""
    base = folder(after.name)
    found: dict[str, ReleaseFile | None] = {}
    for name in changed(before.releases, after.releases):
        found[f"{base}/{name}.yaml"] = after.releases.get(name)
    for name in changed(before.rollouts, after.rollouts):
        found[f"{base}/rollouts/{name}.yaml"] = after.rollouts.get(name)
    if before.platform != after.platform:
        found[f"{base}/{PIN}.yaml"] = after.platform
    if before.holds != after.holds:
        found[f"{base}/{HOLDS}.yaml"] = _some(after.holds)
    texts = {path: _text(value) for path, value in found.items()}
    if before.signers != after.signers:
        texts[signers(after.name)] = "".join(f"{line}\n" for line in after.signers) or None
    return dict(sorted(texts.items()))


def _some(holds: Holds) -> Holds | None:
    return holds if holds.environment or holds.services else None


def _text(value: ReleaseFile | None) -> str | None:
    return None if value is None else yaml.dump(value.as_file())
