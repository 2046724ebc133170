"""Who signed what: where an environment names signers, only what one of them signed counts there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.values.environment import ROLES

from ..core.operations import Signers
from ..git import Clone, Commit
from ..history import commit_message, release_files
from ..render.manifests import MANIFESTS


@dataclass(frozen=True)
class Signatures:
    """Looks up the signers of environments, and checks commits against them."""

    git: Clone

    def signers(self, commit: str) -> dict[str, tuple[str, ...]]:
        """The lines that name signers at a commit, by environment. Environments without any are left out."""
        paths = {name: release_files.signers(name) for name in self.git.tree(commit, release_files.ROOT)}
        lines = {name: tuple((self.git.file(commit, path) or "").splitlines()) for name, path in paths.items()}
        return {name: found for name, found in lines.items() if found}

    def problem(self, previous: str, entry: Commit) -> str:
        """Why an entry after another one does not count; empty if it does."""
        found = commit_message.recorded(entry.message)
        operation = found.intent.operation if found else None
        address = commit_message.author_of(found.intent, entry.author.time).email if found else ""

        def signed(lines: tuple[str, ...]) -> bool:
            return bool(self.git.signer(entry.id, _of(address, lines) if found else lines))

        # You must be one of the signers that you name: a mistake cannot lock everyone out.
        if isinstance(operation, Signers) and operation.signers and not signed(operation.signers):
            return f"{entry.id[:12]} is not signed by {address} as one of the signers that it names"
        by = f"{address} as a signer" if found else "a signer"
        for environment, lines in self.signers(previous).items():
            if self._changes(previous, entry.id, environment) and not signed(lines):
                return f"{entry.id[:12]} changes {environment} and is not signed by {by} of {environment}"
        return ""

    def _changes(self, before: str, after: str, environment: str) -> bool:
        folders = [release_files.folder(environment), *(f"{MANIFESTS}/{environment}-{role}" for role in ROLES)]
        return any(self.git.tree_id(before, each) != self.git.tree_id(after, each) for each in folders)

    def unsigned(self, previous: str, entry: str) -> frozenset[str]:
        """The environments with signers of which none signed an entry: it may change nothing there."""
        return frozenset(name for name, lines in self.signers(previous).items() if not self.git.signer(entry, lines))

    def by(self, previous: str, entry: Commit) -> Iterator[tuple[str, str]]:
        """The environments with signers that an entry changes, and who signed it for them."""
        for environment, lines in self.signers(previous).items():
            if self._changes(previous, entry.id, environment) and (who := self.git.signer(entry.id, lines)):
                yield environment, who


def _of(address: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that name an address."""
    return tuple(line for line in lines if address in line.partition(" ")[0].split(","))
