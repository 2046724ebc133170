"""The publisher's commits that are not operations: repairs, newer manifests, and the first one."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from ..git import Author, Clone
from ..history import commit_message, release_files
from ..render.source_at_commit import CommitSources
from .reconcile import Baseline


@dataclass(frozen=True)
class Commits:
    """Makes commits. No branch points to them until the publisher moves it."""

    git: Clone
    sources: CommitSources

    def repaired(self, baseline: Baseline) -> str:
        """The commit to build on: the baseline's, or one on top that repairs it."""
        if not baseline.repairs:
            return baseline.commit
        tree = self.git.write_tree(baseline.commit, baseline.repairs)
        reverts = any(path.startswith(f"{release_files.ROOT}/") for path in baseline.repairs)
        title = "Revert manual edits" if reverts else "Update manifests to what the code makes"
        trailers = [
            (commit_message.OPERATION_TRAILER, commit_message.REPAIR if reverts else commit_message.MANIFESTS),
            (commit_message.REVISION, self.git.tree_id(tree, release_files.ROOT)),
            (commit_message.CODE, self.behind(baseline)),
        ]
        message = commit_message.with_trailers(title, commit_message.body(baseline.notes), trailers)
        return self.commit(tree, baseline.commit, message, self._publisher())

    def published(self, baseline: Baseline) -> str:
        """The commit that `live` moves to."""
        commit, behind = self.repaired(baseline), self.behind(baseline)
        recorded = commit_message.trailers(self.git.message(commit)).get(commit_message.CODE, "")
        if commit != baseline.commit or behind == recorded:
            return commit
        # No file changes, but clusters stay with older code: that must be known at the next time.
        trailers = [(commit_message.OPERATION_TRAILER, commit_message.MANIFESTS), (commit_message.CODE, behind)]
        message = commit_message.with_trailers("Manifests stay with older code", "", trailers)
        return self.commit(self.git.tree_id(commit, ""), commit, message, self._publisher())

    def start(self, main: str) -> str:
        """The commit with which the history of operations begins."""
        trailers = [
            (commit_message.OPERATION_TRAILER, commit_message.START),
            (commit_message.REVISION, self.git.tree_id(main, release_files.ROOT)),
        ]
        message = commit_message.with_trailers("Publish for the first time", "", trailers)
        return self.commit(self.git.tree_id(main, ""), main, message, self._publisher())

    def behind(self, baseline: Baseline) -> str:
        """The clusters that older code makes, as the trailer's value."""
        behind = baseline.behind(self.sources)
        return json.dumps(behind, sort_keys=True) if behind else ""

    def commit(self, tree: str, parent: str, message: str, author: Author) -> str:
        """A commit, signed if the user's Git signs."""
        sign = self.git.config("commit.gpgsign").lower() == "true"
        return self.git.commit_tree(tree, parent, message, author, sign)

    def _publisher(self) -> Author:
        name = self.git.config("user.name") or "desired"
        return Author(name, self.git.config("user.email") or "desired@localhost", int(time.time()))
