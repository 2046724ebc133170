"""The code at commits, read from Git: what it defines, and its digest. Most commits share one unpacked copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constructs_lib.values import Environment, Problem, validated
from constructs_lib.values.data import Json, digest

from ..git import Clone
from .cache import Cache
from .fingerprint import LIBRARY
from .own_reads import OWN
from .pool import RendererDied, RendererPool
from .source import LOCK, Code, lock_problem, unpacked

_PLATFORM = ("constructs_lib", "envs", LOCK)
_WRITER = "desired/render"
"""The writer of manifests, where the repository holds it itself. Repositories on the wheel have it by their lock."""
_UNPACKED = (*LIBRARY, *OWN, LOCK)


@dataclass(frozen=True)
class Definitions:
    """What the code of a commit defines."""

    environments: Mapping[str, Environment]
    """By name, in the order of promotion."""
    specs: Mapping[str, Json]
    """The services of `apps/`, as releases write specs."""


class CommitSources:
    """Reads code at commits. What was read once is kept under the code's digest."""

    def __init__(self, git: Clone, pool: RendererPool, cache: Cache) -> None:
        self._git, self._pool, self._cache = git, pool, cache
        self._definitions: dict[str, Definitions] = {}
        self._codes: dict[str, Code] = {}
        self._broken: dict[str, Json] = {}
        self._digests: dict[tuple[str, tuple[str, ...]], str] = {}

    def digest(self, commit: str) -> str:
        """A digest of all code that can change a manifest, including `apps/`."""
        return self._digest(commit, (*_PLATFORM, "apps"))

    def platform_digest(self, commit: str) -> str:
        """A digest of the platform: the library, the environments and the locked tools."""
        return self._digest(commit, _PLATFORM)

    def _digest(self, commit: str, paths: tuple[str, ...]) -> str:
        key = (commit, paths)
        if key not in self._digests:
            ids = [f"{path}={self._git.tree_id(commit, path)}" for path in paths]
            # Only if it exists: operations recorded digests of commits that had none.
            ids += [f"{_WRITER}={id_}" for id_ in [self._git.tree_id(commit, _WRITER)] if id_]
            self._digests[key] = digest("\n".join(ids))[:40]
        return self._digests[key]

    def code(self, commit: str, name: str = "") -> Code:
        """The code of a commit and a Python with the tools that its lock names. Raises Problem."""
        key = self.digest(commit)
        if key not in self._codes:

            def archive() -> bytes:
                return self._git.archive(commit, [path for path in _UNPACKED if self._git.tree_id(commit, path)])

            self._codes[key] = unpacked(key, archive, name or f"the commit {commit[:12]}")
        return self._codes[key]

    def pin_problem(self, commit: str) -> str:
        """Why no platform can be pinned to a commit; empty if one can."""
        problem = lock_problem(self._git.file(commit, LOCK))
        return f"the commit {commit[:12]} {problem}" if problem else ""

    def definitions(self, commit: str) -> Definitions:
        """The environments and services of a commit. Raises Problem with everything that is wrong in them."""
        key = self.digest(commit)
        if key not in self._definitions:
            self._definitions[key] = self._read(key, commit)
        return self._definitions[key]

    def _read(self, key: str, commit: str) -> Definitions:
        note = f"described\0{key}"
        found = self._broken.get(key) or self._cache.note(note)
        if found is None:
            found, always = self._ask(commit)
            if always:
                self._cache.take_note(note, found)
            else:
                self._broken[key] = found
        if "problems" in found:
            raise Problem(*found["problems"])
        subject = f"envs/ at {commit[:12]}"
        environments = [validated(Environment, subject, each) for each in found["environments"]]
        return Definitions({each.name: each for each in environments}, found["specs"])

    def _ask(self, commit: str) -> tuple[Json, bool]:
        """What the code says, and whether it will always say so: a renderer that died may have had other reasons."""
        try:
            answer = self._pool.ask(self.code(commit), "describe", {})[0]
        except RendererDied as death:
            return {"problems": list(death.sentences)}, False
        except Problem as problem:
            answer = {"problems": list(problem.sentences)}
        return answer, True
