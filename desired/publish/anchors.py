"""Anchors: tags that say up to where the log was verified. They show a rewritten past to clones that never saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.errors import Problem
from ..git import Clone
from ..history.chain import Chain
from .branches import Branches
from .signatures import Signatures

_ROOT = "refs/tags/desired/"


@dataclass(frozen=True)
class Anchor:
    """A tag on an entry of the log."""

    name: str
    commit: str
    by: str
    """The address of the signer; empty if no signer of an environment signed it."""

    @property
    def words(self) -> str:
        """It, in a sentence."""
        return f"the anchor {self.name}, {f'signed by {self.by}' if self.by else 'not signed'}"


@dataclass(frozen=True)
class Anchors:
    """Makes anchors, and compares the log with them."""

    branches: Branches
    chain: Chain
    signatures: Signatures

    @property
    def _git(self) -> Clone:
        return self.branches.git

    def make(self, entry: str) -> Anchor:
        """Tags an entry, and pushes the tag. It is signed if `git config user.signingkey` names an SSH key."""
        name = f"desired/{datetime.now(UTC).strftime('%Y-%m-%dT%H-%M-%SZ')}-{entry[:12]}"
        self._git.tag(name, entry, f"The log up to {entry} is verified\n")
        ref = f"refs/tags/{name}"
        if remote := self.branches.remote:
            self._git.push(remote, {ref: (self._git.positions([ref])[ref] or "", None)})
        return self._read(ref, self._signers(entry))

    def problems(self, live: str) -> Iterator[str]:
        """What anchors of this clone and of the remote say, and the log up to `live` does not have."""
        moved = self._fetched()
        for anchor in self.all(live):
            if self._git.within(anchor.commit, live) != anchor.commit:
                yield f"live was rewritten: it does not contain {anchor.commit[:12]}, which {anchor.words}, was set on"
            if anchor.name in moved:
                yield f"{anchor.words[:1].upper()}{anchor.words[1:]}, was moved at the remote"

    def all(self, live: str) -> list[Anchor]:
        """All that count, the oldest first: where an environment names signers, only what one of them signed."""
        lines = self._signers(live)
        found = [self._read(ref, lines) for ref in sorted(self._git.refs(_ROOT))]
        return [each for each in found if each.commit and (each.by or not lines)]

    def _signers(self, live: str) -> tuple[str, ...]:
        return tuple(line for found in self.signatures.signers(live).values() for line in found)

    def _read(self, ref: str, signers: tuple[str, ...]) -> Anchor:
        by = self._git.signer(ref, signers, kind="tag") if signers else ""
        return Anchor(ref.removeprefix("refs/tags/"), self._git.resolve(ref) or "", by)

    def _fetched(self) -> set[str]:
        """Fetches the anchors that this clone does not have; the names of those that have another id there.

        Those that the remote has no more stay here: to take one away is what a rewriting would begin with.
        """
        if not self.branches.remote:
            return set()
        there = {ref: id_ for ref, id_ in self._git.remote_refs(self.branches.remote).items() if ref.startswith(_ROOT)}
        here = self._git.positions(there) if there else {}
        missing = [ref for ref, id_ in here.items() if id_ is None and not ref.endswith("^{}")]
        if missing:
            self._git.fetch(self.branches.remote, [f"{ref}:{ref}" for ref in missing])
        return {ref.removeprefix("refs/tags/") for ref, id_ in here.items() if id_ and id_ != there[ref]}


def require_whole(problems: tuple[str, ...]) -> None:
    """Raises Problem if the log has problems: an anchor on it would hide them."""
    if problems:
        raise Problem(f"Cannot set an anchor: {problems[0]}. Run `desired verify`")
