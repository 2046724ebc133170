"""Shows what a change does to each cluster, object by object: `python -m constructs_lib.synth.diff`.

It compares the manifests of a commit with those that the work tree makes, whether or not synth was run; it writes
nothing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from ..values import Problem
from .comparison import Diff, FileDiff, compare
from .diff_report import as_json, as_markdown, as_patch, as_text
from .engine import Synth, Texts
from .output import on_disk
from .progress import say
from .repository import read

_MANIFESTS = "manifests"


class Base:
    """The manifests of a commit."""

    def __init__(self, root: Path, ref: str) -> None:
        self._root = root
        self.commit = self._commit(ref)

    def _commit(self, ref: str) -> str:
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.decode().strip()
        if self._git("rev-parse", "--git-dir").returncode:
            raise Problem(f"there is no Git repository here to find {ref!r} in; run this in the platform repository")
        shallow = self._git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        remedy = "run `git fetch --unshallow`, as this clone is shallow" if shallow else "run `git fetch`"
        raise Problem(f"there is no commit {ref!r} in this repository; {remedy}, or compare with another one")

    def digests(self) -> dict[str, str]:
        """Paths below `manifests/`, and the digests of the files."""
        listed = self._git("ls-tree", "-r", "-z", self.commit, "--", f"{_MANIFESTS}/").stdout.decode()
        blobs: dict[str, str] = {}
        for line in filter(None, listed.split("\0")):
            about, _, path = line.partition("\t")
            if about.split()[1] == "blob":
                blobs[path.removeprefix(f"{_MANIFESTS}/")] = about.split()[2]
        self._contents = self._read(sorted(set(blobs.values())))
        self._blobs = blobs
        sums = {blob: sha256(content).hexdigest() for blob, content in self._contents.items()}
        return {path: sums[blob] for path, blob in blobs.items()}

    def text(self, path: str) -> str | None:
        """The text of a file; None where the commit does not have it."""
        blob = self._blobs.get(path)
        return self._contents[blob].decode(errors="replace") if blob else None

    def _read(self, blobs: Sequence[str]) -> dict[str, bytes]:
        out = self._git("cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode()).stdout
        contents: dict[str, bytes] = {}
        start = 0
        for blob in blobs:
            end = out.index(b"\n", start)
            size = int(out[start:end].split()[2])
            contents[blob] = out[end + 1 : end + 1 + size]
            start = end + size + 2
        return contents

    def _git(self, *words_: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", "-C", str(self._root), *words_], input=given, capture_output=True, check=False
            )
        except FileNotFoundError:
            raise Problem("git is not installed; install it to compare with a commit") from None


def diff(root: Path, ref: str) -> Diff:
    """What the work tree does to each cluster, compared with a commit. Raises Problem."""
    base = Base(root, ref)
    before = base.digests()
    components = importlib.import_module("envs.compose").components
    with Synth(read(root, components)) as synth:
        works = synth.clusters()
        after = {f"{work.name}/{path}": sum_ for work in works for path, sum_ in work.expected.items()}
        differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        texts = Texts(synth.store, works)
        new = {path: texts(path) for path in sorted(differing & after.keys())}
    names = [work.name for work in works]
    gone = sorted({path.partition("/")[0] for path in before} - set(names))
    clusters = []
    for name in (*names, *gone):
        paths = [path for path in differing if path.startswith(f"{name}/")]
        files = [FileDiff(path.partition("/")[2], base.text(path), new.get(path)) for path in paths]
        clusters.append(compare(name, files))
    return Diff(base.commit, tuple(clusters), stale=on_disk(root / _MANIFESTS) != after)


def main(given: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="diff",
        description="Show what the work tree does to each cluster, compared with a commit. Nothing is written.",
        epilog='example, for a pull request: diff --base "$(git merge-base origin/main HEAD)" --format markdown',
    )
    parser.add_argument("--base", default="HEAD", metavar="REF", help="the commit, branch or tag to compare with")
    parser.add_argument("--format", choices=("text", "patch", "markdown", "json"), default="text")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    options = parser.parse_args(given)
    try:
        found = diff(Path.cwd(), options.base)
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        return 1
    colours = wants_colours(sys.stdout, os.environ)
    reports = {"markdown": as_markdown, "json": as_json}
    report = reports.get(options.format)
    text = report(found) if report else (as_patch if options.format == "patch" else as_text)(found, colours)
    _print(text)
    if found.stale:
        say("manifests/ does not hold this yet; run `make synth`.")
    return 0


def wants_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Only a terminal gets colours, and none whose owner asked for none. Source: no-color.org."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
