"""The publisher's commits: what an operation makes, what it takes in from people, and the first one."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.errors import Refused
from ..core.model import Observation
from ..core.operations import RULES, Intent, Signers
from ..git import Author, Clone, GitFailed, TreeEntry
from ..history import commit_message, release_files
from ..render.manifests import MANIFESTS, Changes
from ..render.source_at_commit import CommitSources
from .log_tip import LogTip
from .reconcile import Baseline
from .signatures import Signatures

_REMEDY = (
    "Let `git config user.signingkey` name your SSH key, and act under the address that `desired signers` has for it"
)
_MADE = (f"{release_files.ROOT}/", f"{MANIFESTS}/")


@dataclass(frozen=True)
class Commits:
    """Makes commits. No branch points to them until the publisher moves it."""

    git: Clone
    sources: CommitSources
    signatures: Signatures

    def operation(
        self, baseline: Baseline, base: str, changes: Changes, intent: Intent, counted: Observation | None,
        notes: tuple[str, ...], when: int,
    ) -> str:  # fmt: skip
        """The commit of an operation on top of `base`. `counted` is what was observed and played a part."""
        tree = self.git.write_tree(base, changes)
        revision, *made = self._made(tree, baseline)
        message = commit_message.message(intent, counted, revision[1], notes, made)
        author = commit_message.author_of(intent, when)
        operation = intent.operation
        if operation.environment not in self.signatures.signers(base) and not isinstance(operation, Signers):
            return self._commit(tree, [base], message, author)
        commit = self.git.commit_tree(tree, [base], message, author, sign=True, ssh=True)
        if problem := self.signatures.problem(base, self.git.commit(commit)):
            raise Refused(f"{operation.environment} takes only what its signers sign: {problem}. {_REMEDY}")
        return commit

    def unsignable(self, log: str) -> frozenset[str]:
        """The environments with signers for which this clone cannot sign: it may change nothing there."""
        if not self.signatures.signers(log):
            return frozenset()
        tried = self._own("Can it be signed", commit_message.PUBLISH, self.git.tree_id(log, ""), [log], (), ())
        return self.signatures.unsigned(log, tried)

    def repaired(self, baseline: Baseline, notes: Iterable[str]) -> str:
        """The commit to build on: the baseline's, or one on top that repairs it."""
        if not baseline.repairs:
            return baseline.commit
        leaving = tuple(f"{release_files.folder(name)}/" for name in baseline.left)
        releases = [path for path in baseline.repairs if path.startswith(f"{release_files.ROOT}/")]
        reverts = any(not path.startswith(leaving) for path in releases)
        title = "Revert manual edits" if reverts else "Update manifests to what the code makes"
        kind = commit_message.REPAIR if reverts else commit_message.MANIFESTS
        tree = self.git.write_tree(baseline.commit, baseline.repairs)
        return self._own(title, kind, tree, [baseline.commit], notes, self._made(tree, baseline))

    def published(self, baseline: Baseline, notes: Sequence[str]) -> str:
        """The commit that `live` moves to: the newest entry of the log, or another one if anything is new."""
        commit = self.repaired(baseline, notes)
        if commit != baseline.commit:
            return commit
        tree, title = self.git.tree_id(commit, ""), "Publish main"
        if commit == baseline.log:
            if baseline.behind(self.sources) == self.said_behind(commit):
                return commit
            title = "Manifests stay with older code"
        return self._own(title, commit_message.PUBLISH, tree, [commit], notes, self._made(tree, baseline))

    def joined(self, tip: LogTip, behind: str, notes: Iterable[str]) -> str:
        """The newest entry of the log brought together with branches that did not grow out of it.

        All files are as people have them there, but for those that are made, which are as in the log.
        """
        tree = self.joined_tree(tip.commit, tip.beside)
        made = [*self._ids(tree), (commit_message.CODE, behind), (commit_message.WAS_LIVE, tip.was_live)]
        parents = [tip.commit, *tip.beside]
        return self._own("Publish main", commit_message.PUBLISH, tree, parents, notes, made)

    def joined_tree(self, log: str, beside: Sequence[str]) -> str:
        """The tree of that: of each branch, what it changed since it has left the log."""
        changes: dict[str, TreeEntry | None] = {}
        for tip in beside:
            base = self.git.merge_base(log, tip)
            new = self.git.changed_entries(base, tip)
            changes = {path: entry for path, entry in changes.items() if not _in_the_way(path, new)} | new
        kept = {path: entry for path, entry in changes.items() if not path.startswith(_MADE) and path not in _MADE}
        return self.git.write_tree(log, kept)

    def start(self, main: str) -> str:
        """The commit with which the log begins."""
        tree = self.git.tree_id(main, "")
        return self._own("Publish for the first time", commit_message.START, tree, [main], (), self._ids(tree))

    def said_behind(self, commit: str) -> dict[str, str]:
        """The clusters that other code makes than that of the commit itself, as its message says."""
        said, here = commit_message.older_codes(self.git.message(commit)), self.sources.digest(commit)
        return {cluster: code for cluster, code in said.items() if self.sources.digest(code) != here}

    def _made(self, tree: str, baseline: Baseline) -> list[tuple[str, str]]:
        """Trailers about what a commit with this tree holds."""
        behind = baseline.behind(self.sources)
        code = json.dumps(behind, sort_keys=True) if behind else ""
        return [*self._ids(tree), (commit_message.CODE, code)]

    def _ids(self, tree: str) -> list[tuple[str, str]]:
        folders = ((commit_message.REVISION, release_files.ROOT), (commit_message.MANIFESTS_ID, MANIFESTS))
        return [(name, self.git.tree_id(tree, folder)) for name, folder in folders]

    def _own(
        self, title: str, kind: str, tree: str, parents: Sequence[str], notes: Iterable[str],
        made: Iterable[tuple[str, str]],
    ) -> str:  # fmt: skip
        """A commit of the publisher itself."""
        trailers = [(commit_message.OPERATION_TRAILER, kind), (commit_message.RULES_TRAILER, str(RULES)), *made]
        message = commit_message.with_trailers(title, commit_message.body(notes), trailers)
        name = self.git.config("user.name") or "desired"
        author = Author(name, self.git.config("user.email") or "desired@localhost", int(time.time()))
        return self._commit(tree, parents, message, author)

    def _commit(self, tree: str, parents: Sequence[str], message: str, author: Author) -> str:
        """A commit, signed if the user's Git signs, and by SSH if it can where an environment names signers."""
        if self.signatures.signers(parents[0]):
            with contextlib.suppress(GitFailed):  # what needs a signature is checked afterwards
                return self.git.commit_tree(tree, parents, message, author, sign=True, ssh=True)
        sign = self.git.config("commit.gpgsign").lower() == "true"
        return self.git.commit_tree(tree, parents, message, author, sign)


def _in_the_way(path: str, new: dict[str, TreeEntry | None]) -> bool:
    """Whether a path cannot be there beside what is new: it lies below a file, or is one where a folder comes."""
    return any(entry and (path.startswith(f"{other}/") or other.startswith(f"{path}/")) for other, entry in new.items())
