"""Environments at commits. Files are read from Git on demand, each at most once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeVar

from constructs_lib import Environment, Pin, Release, Rollout
from constructs_lib.values import validated
from constructs_lib.values.data import Json
from constructs_lib.values.release import ReleaseFile

from ..core.errors import Problem
from ..core.model import EnvironmentState, Holds
from ..git import Clone, TreeEntry
from ..render import yaml
from . import release_files as files
from .index import Index

T = TypeVar("T", bound=ReleaseFile)


class Releases:
    """Reads the files of `releases/`. Blobs never change, so that what was read stays known."""

    def __init__(self, git: Clone, index: Index) -> None:
        self._git, self._index = git, index
        self._known: dict[tuple[type, str], ReleaseFile] = {}

    def state(self, commit: str, environment: Environment) -> EnvironmentState:
        """The environment's files at a commit. An invalid file raises Problem when it is read."""
        base = files.folder(environment.name)
        entries = {name[:-5]: each for name, each in self._git.tree(commit, base).items() if name.endswith(".yaml")}
        rollouts = {
            name[:-5]: each
            for name, each in self._git.tree(commit, f"{base}/rollouts").items()
            if name.endswith(".yaml")
        }
        pin, holds = entries.pop(files.PIN, None), entries.pop(files.HOLDS, None)
        return EnvironmentState(
            environment,
            _Files(self, Release, base, entries),
            _Files(self, Rollout, f"{base}/rollouts", rollouts),
            self.read(Pin, f"{base}/{files.PIN}.yaml", pin) if pin else None,
            self.read(Holds, f"{base}/{files.HOLDS}.yaml", holds) if holds else Holds(schema=1),
            self._signers(commit, environment.name),
        )

    def _signers(self, commit: str, environment: str) -> tuple[str, ...]:
        return tuple((self._git.file(commit, files.signers(environment)) or "").splitlines())

    def read(self, model: type[T], path: str, entry: TreeEntry) -> T:
        """The value of a file. Raises Problem with what is wrong in it."""
        if not entry.is_file:
            raise Problem(f"{path} is not a plain file. Restore it from Git")
        found = self._known.get((model, entry.id))
        if found is None:
            found = self._known[(model, entry.id)] = validated(model, path, self.data(path, entry.id))
        return found  # type: ignore[return-value]

    def data(self, path: str, blob: str) -> Json:
        """The content of a file. Raises Problem. What was read from YAML once is kept as JSON, which reads faster."""
        note = f"data {blob}"
        if text := self._index.note(note):
            kept: Json = json.loads(text)
            return kept
        data = yaml.mapping(path, self._git.batch.read(blob)[1])
        if same := _same_in_json(data):
            self._index.take_notes({note: same})
        return data


class _Files(Mapping[str, T]):
    """Files of one folder by name, each read on demand."""

    def __init__(self, releases: Releases, model: type[T], folder: str, entries: Mapping[str, TreeEntry]) -> None:
        self._releases, self._model, self._folder, self._entries = releases, model, folder, entries

    def __getitem__(self, name: str) -> T:
        return self._releases.read(self._model, f"{self._folder}/{name}.yaml", self._entries[name])

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _same_in_json(data: Json) -> str:
    """The data as JSON; empty if YAML has something that JSON cannot express, such as a date or a number as a key."""
    try:
        text = json.dumps(data)
    except (TypeError, ValueError):
        return ""
    return text if json.loads(text) == data else ""
