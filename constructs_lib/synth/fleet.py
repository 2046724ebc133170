"""Reads a repository: services from `apps/`, environments from `envs/`, and the files of `releases/`."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import yaml as pyyaml
from pydantic import ValidationError

from ..environment import Environment
from ..values import Problem, Service, sentences
from . import yaml

Json = dict[str, Any]


@dataclass
class Releases:
    """The files of one environment's folder in `releases/`, as data."""

    services: dict[str, Json] = field(default_factory=dict)
    rollouts: dict[str, Json] = field(default_factory=dict)
    platform: Json | None = None


def load_environments(package: str = "envs") -> dict[str, Environment]:
    """The environments, by name, in the order of promotion. Raises Problem with everything that is wrong.

    An environment is a module with a value `ENV`; the module has the environment's name.
    """
    found: dict[str, Environment] = {}
    problems: list[str] = []
    for name, module in _modules(package, problems):
        value = getattr(module, "ENV", None)
        if value is None:
            continue
        if not isinstance(value, Environment) or value.name.replace("-", "_") != name:
            problems.append(f"{package}/{name}.py: ENV must be an Environment named {name.replace('_', '-')!r}")
            continue
        found[value.name] = value
    for environment in found.values():
        if environment.promoted_from and environment.promoted_from not in found:
            problems.append(
                f"{package}/{environment.name}.py: promoted_from must be one of {', '.join(found)}, "
                f"got {environment.promoted_from!r}"
            )
    if problems:
        raise Problem(*problems)
    return {each.name: each for each in _in_order(found)}


def load_services(package: str = "apps") -> dict[str, Service]:
    """The services of `apps/`, by name. Raises Problem with everything that is wrong in any of them."""
    found: dict[str, Service] = {}
    problems: list[str] = []
    for name, module in _modules(package, problems):
        value = getattr(module, "SERVICE", None)
        if not isinstance(value, Service):
            problems.append(f"{package}/{name}.py: must hold one value, SERVICE = Service(…)")
        elif value.name.replace("-", "_") != name:
            problems.append(
                f"{package}/{name}.py: the service is named {value.name!r}; "
                f"rename the file to {value.name.replace('-', '_')}.py, or the service to {name.replace('_', '-')!r}"
            )
        else:
            found[value.name] = value
    if problems:
        raise Problem(*problems)
    return found


def load_releases(root: Path, environments: dict[str, Environment]) -> dict[str, Releases]:
    """The files of `releases/`. Raises Problem with everything that cannot be read or belongs nowhere."""
    problems: list[str] = []
    found = {name: Releases() for name in environments}
    for file in sorted((root / "releases").rglob("*")):
        if file.is_dir() and not file.is_symlink():
            continue
        path = file.relative_to(root)
        parts = path.parts[1:]
        if file.is_symlink() or path.suffix != ".yaml" or parts[0] not in found or not _belongs(parts):
            problems.append(
                f"{path}: does not belong here; releases/ holds <environment>/<service>.yaml, "
                f"<environment>/rollouts/<name>.yaml, <environment>/platform.yaml and <environment>/holds.yaml, "
                f"for {', '.join(found)}"
            )
            continue
        data = _read(file, path, problems)
        if len(parts) == 3:
            found[parts[0]].rollouts[path.stem] = data
        elif path.stem == "platform":
            found[parts[0]].platform = data
        elif path.stem == "holds":
            pass  # whom people keep from changing is no matter of what runs
        else:
            found[parts[0]].services[path.stem] = data
    if problems:
        raise Problem(*problems)
    return found


def _belongs(parts: tuple[str, ...]) -> bool:
    return len(parts) == 2 or (len(parts) == 3 and parts[1] == "rollouts")


def _read(file: Path, path: Path, problems: list[str]) -> Json:
    try:
        data = yaml.load(file.read_text(encoding="utf-8"))
    except (pyyaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        said = " ".join(str(error).split())
        problems.append(f"{path}: is not YAML that can be read ({said[:160]}); take it back from Git")
        return {}
    if not isinstance(data, dict):
        problems.append(f"{path}: must hold a mapping with schema, got {type(data).__name__}; take it back from Git")
        return {}
    return data


def _modules(package: str, problems: list[str]) -> Iterator[tuple[str, ModuleType]]:
    folder = Path(package)
    if not folder.is_dir():
        problems.append(f"{package}/ is not here; run this in the root of the platform repository")
        return
    _read_afresh(package)
    skipped = ("render", "compose")
    for file in sorted(folder.glob("*.py")):
        if file.stem.startswith("_") or file.stem in skipped:
            continue
        try:
            yield file.stem, importlib.import_module(f"{package}.{file.stem}")
        except ValidationError as error:
            problems.extend(sentences(f"{file}: {file.stem.replace('_', '-')}", error))
        except Exception as error:  # whatever a person's file raises becomes a sentence
            problems.append(f"{file}{_line(error, file)}: {type(error).__name__}: {error}")


class _FromSource(SourceFileLoader):
    """Compiles a module each time: compiled files are found by size and second, which two quick edits can share."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _read_afresh(package: str) -> None:
    """Let the modules of a package be read from their source."""
    for folder in importlib.import_module(package).__path__:
        sys.path_importer_cache[folder] = FileFinder(folder, (_FromSource, [".py"]))


def _line(error: Exception, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file.name]
    return f", line {frames[-1].lineno}" if frames else ""


def _in_order(found: dict[str, Environment]) -> list[Environment]:
    """Sources before those that are promoted from them; by name where that says nothing."""
    ordered: list[Environment] = []
    waiting = [found[name] for name in sorted(found)]
    while waiting:
        done = {each.name for each in ordered}
        ready = [each for each in waiting if each.promoted_from in (None, *done)]
        if not ready:
            circle = ", ".join(each.name for each in waiting)
            raise Problem(f"envs/: promoted_from goes in a circle through {circle}; one of them must come first")
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered
