"""Environments as the files of `releases/`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import yaml as pyyaml
from pydantic import ValidationError

from constructs_lib.release import ReleaseFile
from constructs_lib.synth import yaml
from constructs_lib.values import Problem, sentences

from .model import EnvironmentState, Holds

Json = dict[str, Any]
T = TypeVar("T", bound=ReleaseFile)
ROOT = "releases"
"""The folder of all environments' folders."""
PIN, HOLDS = "platform", "holds"
"""Names of files that are no services."""


def folder(environment: str) -> str:
    """Where the environment's files lie."""
    return f"{ROOT}/{environment}"


def parse(model: type[T], path: str, text: str) -> T:
    """The value in a file. Raises Problem with what is wrong in it."""
    return checked(model, path, data_of(path, text))


def data_of(path: str, text: str) -> dict[str, Any]:
    """The JSON data in a file. Raises Problem."""
    try:
        data = yaml.load(text)
    except (pyyaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise Problem(f"{path}: is not YAML that can be read ({said[:160]}); take it back from Git") from None
    if not isinstance(data, dict):
        raise Problem(f"{path}: must hold a mapping with schema, got {type(data).__name__}; take it back from Git")
    return data


def checked(model: type[T], path: str, data: Mapping[str, Any]) -> T:
    """The value of JSON data. Raises Problem."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Problem(*sentences(path, error)) from None


def changed(before: EnvironmentState, after: EnvironmentState) -> dict[str, str | None]:
    """Paths and texts of the files that differ; None for those that are gone."""
    base = folder(after.name)
    found: dict[str, tuple[ReleaseFile | None, ReleaseFile | None]] = {}
    for name, release in after.services.changes.items():
        found[f"{base}/{name}.yaml"] = (before.services.get(name), release)
    for name, rollout in after.rollouts.changes.items():
        found[f"{base}/rollouts/{name}.yaml"] = (before.rollouts.get(name), rollout)
    found[f"{base}/{PIN}.yaml"] = (before.platform, after.platform)
    found[f"{base}/{HOLDS}.yaml"] = (_some(before.holds), _some(after.holds))
    return {path: _text(new) for path, (old, new) in sorted(found.items()) if old != new}


def _some(holds: Holds) -> Holds | None:
    return holds if holds.environment or holds.services else None


def _text(value: ReleaseFile | None) -> str | None:
    return None if value is None else yaml.dump(value.as_file())
