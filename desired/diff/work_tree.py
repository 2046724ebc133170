"""What the work tree changes in each cluster, compared with a commit."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from ..git import Clone
from ..render.files import on_disk
from ..render.fleet import Fleet
from ..render.manifests import MANIFESTS
from ..render.synth import synthesized
from .comparison import Diff, FileDiff, compare


class Base:
    """The manifests of a commit."""

    def __init__(self, git: Clone, ref: str) -> None:
        self._git = git
        self.commit = git.require(ref, f"the commit {ref!r}", "compare with another one")
        listed = git.files(self.commit, MANIFESTS).items()
        self._blobs = {path.removeprefix(f"{MANIFESTS}/"): blob for path, blob in listed}

    def digests(self) -> dict[str, str]:
        """Paths below `manifests/`, and the digests of the files."""
        sums = {blob: sha256(self._content(blob)).hexdigest() for blob in set(self._blobs.values())}
        return {path: sums[blob] for path, blob in self._blobs.items()}

    def text(self, path: str) -> str | None:
        """The text of a file; None if the commit does not have it."""
        blob = self._blobs.get(path)
        return self._content(blob).decode(errors="replace") if blob else None

    def _content(self, blob: str) -> bytes:
        return self._git.batch.read(blob)[1]


def diff(fleet: Fleet, root: Path, ref: str) -> Diff:
    """What the work tree does to each cluster, compared with a commit. Raises Problem."""
    git = Clone(root)
    try:
        base = Base(git, ref)
        before = base.digests()
        with synthesized(fleet, root) as made:
            after = made.digests()
            differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
            new = made.texts(sorted(differing & after.keys()))
        names = list(made.manifests)
        gone = sorted({path.partition("/")[0] for path in before} - set(names))
        clusters = []
        for name in (*names, *gone):
            paths = [path for path in differing if path.startswith(f"{name}/")]
            files = [FileDiff(path.partition("/")[2], base.text(path), new.get(path)) for path in paths]
            clusters.append(compare(name, files))
    finally:
        git.close()
    return Diff(base.commit, tuple(clusters), stale=on_disk(root / MANIFESTS) != after)
