"""The code at a commit: unpacked into the cache under the ids of its folders, so that most commits share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from constructs_lib.environment import Environment
from constructs_lib.synth.children import Code, Crew, Died
from constructs_lib.synth.pins import LOCK, unpacked
from constructs_lib.synth.store import Store, digest
from constructs_lib.values import sentences

from .git import Git
from .problems import Problem

Json = dict[str, Any]
_PLATFORM = ("constructs_lib", "envs", LOCK)
_CODE = (*_PLATFORM, "apps")


@dataclass(frozen=True)
class Described:
    """What the code of a commit says."""

    environments: Mapping[str, Environment]
    """By name, in the order of promotion."""
    specs: Mapping[str, Json]
    """The services of `apps/`, as releases write specs."""


class Codes:
    """Reads code at commits. What was read once is kept under the code's digest."""

    def __init__(self, git: Git, crew: Crew, store: Store) -> None:
        self._git, self._crew, self._store = git, crew, store
        self._described: dict[str, Described] = {}
        self._codes: dict[str, Code] = {}
        self._broken: dict[str, Json] = {}
        self._digests: dict[tuple[str, tuple[str, ...]], str] = {}

    def digest(self, commit: str) -> str:
        """One text for one code, `apps/` among it."""
        return self._digest(commit, _CODE)

    def platform_digest(self, commit: str) -> str:
        """One text for one platform: the library, the environments and the locked tools."""
        return self._digest(commit, _PLATFORM)

    def _digest(self, commit: str, paths: tuple[str, ...]) -> str:
        key = (commit, paths)
        if key not in self._digests:
            ids = [f"{path}={self._git.tree_id(commit, path)}" for path in paths]
            self._digests[key] = digest("\n".join(ids))[:40]
        return self._digests[key]

    def code(self, commit: str) -> Code:
        """The code of a commit and a Python with the tools that its lock names. Raises Problem."""
        key = self.digest(commit)
        if key not in self._codes:
            self._codes[key] = self._unpacked(key, commit)
        return self._codes[key]

    def _unpacked(self, key: str, commit: str) -> Code:
        def archive() -> bytes:
            there = [path for path in _CODE if self._git.tree_id(commit, path)]
            return self._git.archive(commit, there)

        name = f"the commit {commit[:12]}"
        # Where nothing is locked, the library is the one that is installed.
        return unpacked(key, archive, name, without_lock="")

    def described(self, commit: str) -> Described:
        """The environments and services of a commit. Raises Problem with everything that is wrong in them."""
        key = self.digest(commit)
        if key not in self._described:
            self._described[key] = self._read(key, commit)
        return self._described[key]

    def _read(self, key: str, commit: str) -> Described:
        note = f"described\0{key}"
        found = self._broken.get(key) or self._store.note(note)
        if found is None:
            found, always = self._ask(commit)
            if always:
                self._store.take_note(note, found)
            else:
                self._broken[key] = found
        if "problems" in found:
            raise Problem(*found["problems"])
        try:
            environments = [Environment.model_validate(each) for each in found["environments"]]
        except ValidationError as error:
            raise Problem(*sentences(f"envs/ at {commit[:12]}", error)) from None
        return Described({each.name: each for each in environments}, found["specs"])

    def _ask(self, commit: str) -> tuple[Json, bool]:
        """What the code says, and whether it will always say so: a child that died may have had other reasons."""
        child = self._crew.one(self.code(commit))
        try:
            answer: Json = next(iter(list(child.ask("describe", {}))))
        except Died as death:
            child.close()
            return {"problems": list(death.sentences)}, False
        except Problem as problem:
            answer = {"problems": list(problem.sentences)}
        self._crew.back(child)
        return answer, True
