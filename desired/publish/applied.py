"""What Git knows about the commits that clusters have applied, for the cluster observer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..core.errors import Problem
from ..history import commit_message
from ..render.manifests import MANIFESTS
from ..render.source_at_commit import CommitSources
from .branches import Branches


@dataclass(frozen=True)
class PublishedCommits:
    """What Git knows about the commits that clusters have applied."""

    branches: Branches
    sources: CommitSources

    def platform_digest(self, cluster: str, commit: str) -> str:
        """The digest of the platform that made a cluster's manifests at a commit. Raises Problem."""
        git = self.branches.git
        if git.resolve(commit) is None:
            raise Problem(f"{cluster} runs the commit {commit[:12]}, which this clone does not have. Run `git fetch`")
        return self.sources.platform_digest(commit_message.older_codes(git.message(commit)).get(cluster, commit))

    def folders_unlike_live(self, commit: str) -> frozenset[str] | None:
        """The folders of manifests in which something differs between a commit and `live`; None if unknown."""
        git, live = self.branches.git, self.branches.live
        if not commit or live is None or git.resolve(commit) is None:
            return None
        paths = git.changed_paths(commit, live, f"{MANIFESTS}/")
        return frozenset(str(folder) for path in paths for folder in PurePosixPath(path).parents)

    def oldest(self, commits: Collection[str]) -> str:
        """The commit that is in the history of all others; empty if there is none."""
        git = self.branches.git
        return next((one for one in commits if all(git.is_ancestor(one, each) for each in commits)), "")
