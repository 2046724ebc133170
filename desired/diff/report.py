"""What a change does, as a person or a program reads it: words, a patch, a comment on a pull request, or JSON."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby

from .comparison import ClusterDiff, Diff, FileDiff, Mark, ObjectDiff

LIMIT = 60_000
"""Characters of a comment; GitHub takes 65,536."""
_MARKS: dict[Mark, str] = {"added": "+", "changed": "~", "removed": "-"}
_COLOURS = {"+": "32", "-": "31", "~": "33", "@": "36"}
_LINE = 110
_TEXT_LINES = 40
"""How many lines of one configuration file the words show. The patch has all of them."""


def as_text(diff: Diff, colours: bool = False) -> str:
    """Words for a terminal. Clusters with the same changes are grouped."""
    changed = [cluster for cluster in diff.clusters if cluster.files]
    if not changed:
        return f"Nothing changes in any cluster, compared with {diff.base[:12]}.\n"
    together: dict[tuple[ObjectDiff, ...], list[ClusterDiff]] = {}
    for cluster in changed:
        together.setdefault(cluster.objects, []).append(cluster)
    lines: list[str] = []
    for clusters in together.values():
        names = ", ".join(cluster.name for cluster in clusters)
        lines += [f"{names}: {_counts(clusters[0])}", *(f"  {line}" for line in _words(clusters[0])), ""]
    return "".join(f"{_coloured(line, colours)}\n" for line in lines[:-1])


def as_patch(diff: Diff, colours: bool = False) -> str:
    """A unified diff of all files."""
    lines = [line for cluster in diff.clusters for file in cluster.files for line in _patch(cluster, file)]
    return "".join(f"{_coloured(line, colours)}\n" for line in lines)


def as_json(diff: Diff) -> str:
    """For programs: the base, and for each cluster its objects with mark, folder, kind, name, words and texts."""
    clusters = [{"name": each.name, "objects": [asdict(item) for item in each.objects]} for each in diff.clusters]
    return json.dumps({"base": diff.base, "clusters": clusters}, indent=2, ensure_ascii=False) + "\n"


def as_markdown(diff: Diff, limit: int = LIMIT) -> str:
    """A comment on a pull request, of at most `limit` characters; a last sentence says what it leaves out."""
    changed = [cluster for cluster in diff.clusters if cluster.files]
    if not changed:
        return f"No manifest changes, compared with `{diff.base[:12]}`.\n"
    head = [*_table(diff, changed), ""]
    closing = _closing(diff, 10**6, 10**6)
    frame = "\n".join([*head, *(line for each in changed for line in _details(each, ["x"], ["x"], "`" * 9)), closing])
    left = limit - len(frame) - 16
    words: dict[str, list[str]] = {}
    patches: dict[str, list[str]] = {}
    # Words first: a reader of a shortened comment can make the patch in their own work tree.
    words_left = patches_left = 0
    for cluster in changed:
        words[cluster.name], left, skipped = _fitting([[line] for line in _words(cluster)], left)
        words_left += skipped
    for cluster in changed:
        patches[cluster.name], left, skipped = _fitting([_patch(cluster, file) for file in cluster.files], left)
        patches_left += skipped
    lines = list(head)
    for cluster in changed:
        fence = _fence([*words[cluster.name], *patches[cluster.name]])
        lines += _details(cluster, words[cluster.name], patches[cluster.name], fence)
    if words_left or patches_left:
        lines.append(_closing(diff, words_left, patches_left))
    return "\n".join(lines) + "\n"


def _fitting(blocks: Iterable[list[str]], left: int) -> tuple[list[str], int, int]:
    """The first blocks that fit into what is left, what is left then, and how many were left out."""
    kept: list[str] = []
    skipped = 0
    for block in blocks:
        size = sum(len(line) + 1 for line in block)
        if skipped or size > left:
            skipped += 1
        else:
            kept += block
            left -= size
    return kept, left, skipped


def _table(diff: Diff, changed: list[ClusterDiff]) -> Iterator[str]:
    yield f"**What this does to the clusters**, compared with `{diff.base[:12]}`"
    yield ""
    yield "| cluster | added | changed | removed |"
    yield "| --- | ---: | ---: | ---: |"
    for each in changed:
        yield f"| {each.name} | {each.count('added')} | {each.count('changed')} | {each.count('removed')} |"
    if same := [each.name for each in diff.clusters if not each.files]:
        yield ""
        yield f"Nothing changes in {', '.join(same)}."


def _details(cluster: ClusterDiff, words: list[str], patch: list[str], fence: str) -> Iterator[str]:
    yield f"<details><summary>{cluster.name}: {_counts(cluster)}</summary>"
    for block in (words, patch):
        if block:
            yield from ("", f"{fence}diff", *block, fence)
    yield from ("", "</details>", "")


def _fence(lines: Iterable[str]) -> str:
    """A fence that is longer than any inside."""
    runs = [len(run) for line in lines for run in re.findall(r"`+", line)]
    return "`" * max(3, 1 + max(runs, default=0))


def _closing(diff: Diff, lines: int, files: int) -> str:
    left_out = [f"{lines} lines of words"] * bool(lines) + [f"the patch of {files} files"] * bool(files)
    return (
        f"Left out, as a comment has a limit: {' and '.join(left_out)}. "
        f"See all of it with `make diff BASE={diff.base[:12]} FORMAT=patch`."
    )


def _counts(cluster: ClusterDiff) -> str:
    counts = [(mark, cluster.count(mark)) for mark in _MARKS]
    return ", ".join(f"{count} {mark}" for mark, count in counts if count) or "only comments and lists of files"


def _words(cluster: ClusterDiff) -> Iterator[str]:
    for folder, objects in groupby(cluster.objects, key=lambda each: each.folder):
        yield folder
        for each in objects:
            yield from _object_words(each)


def _object_words(item: ObjectDiff) -> Iterator[str]:
    mark, what = _MARKS[item.mark], f"{item.kind} {item.name}"
    if item.mark != "changed":
        yield f"{mark} {what} {item.mark}"
        return
    line = f"{mark} {what}: {'; '.join(item.words)}"
    if len(line) <= _LINE:
        yield line
    else:
        yield f"{mark} {what}:"
        yield from (f"    {word}" for word in item.words)
    yield from (f"    {line}" for line in item.texts[:_TEXT_LINES])
    if len(item.texts) > _TEXT_LINES:
        yield f"    … and {len(item.texts) - _TEXT_LINES} lines more, which the patch has"


def _patch(cluster: ClusterDiff, file: FileDiff) -> list[str]:
    path = f"manifests/{cluster.name}/{file.path}"
    old, new = (text.splitlines() if text is not None else [] for text in (file.old, file.new))
    before = "/dev/null" if file.old is None else f"a/{path}"
    after = "/dev/null" if file.new is None else f"b/{path}"
    return list(difflib.unified_diff(old, new, before, after, lineterm=""))


def _coloured(line: str, colours: bool) -> str:
    colour = _COLOURS.get(line.lstrip()[:1]) if colours else None
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line
