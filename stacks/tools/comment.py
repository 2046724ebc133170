"""Writes plans as one comment on a pull request: `python3 -m stacks.tools.comment plans/*.md`, in a pipeline.

Every run updates the same comment. It needs Python and no packages. Plans hold no secrets, because Pulumi masks them.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from constructs_lib.values.data import Json

MARK = "<!-- desired: the plans -->"
LIMIT = 65_000
"""The longest comment, in characters. GitHub's limit is 65,536."""
_CUT = "\n\nThe plan is too long for a comment. The job's log has all of it.\n"
_CLOSING = len("\n```\n</details>") + len(_CUT)
_PAGE, _SECONDS = 100, 30


class Forge(NamedTuple):
    """How to reach the comments of one pull request: GitHub's API or GitLab's."""

    comments: str
    """The address of all comments."""
    one: str
    """The address of one comment, with `{id}` in it."""
    update: str
    """The HTTP method that updates a comment."""
    headers: dict[str, str]
    writer: tuple[str, str]
    """The field of a comment that holds its author, and the field of the author that holds the name."""
    me: str
    """The user name of this program, or the address that returns it."""


def forge(environ: Mapping[str, str]) -> Forge:
    """Reads the variables that a pipeline sets. Raises KeyError if one is missing."""
    token = environ["COMMENT_TOKEN"]
    if "GITHUB_REPOSITORY" in environ:
        issues = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}/issues"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        comments = f"{issues}/{environ['REQUEST']}/comments"
        return Forge(comments, f"{issues}/comments/{{id}}", "PATCH", headers, ("user", "login"), "github-actions[bot]")
    api = environ["CI_API_V4_URL"]
    notes = f"{api}/projects/{environ['CI_PROJECT_ID']}/merge_requests/{environ['CI_MERGE_REQUEST_IID']}/notes"
    return Forge(notes, f"{notes}/{{id}}", "PUT", {"PRIVATE-TOKEN": token}, ("author", "username"), f"{api}/user")


def write(to: Forge, text: str) -> None:
    """Updates the comment, or creates it. Raises urllib.error.URLError."""
    me = _asked(to, "GET", to.me)[to.writer[1]] if to.me.startswith("http") else to.me
    field, name = to.writer
    # Only our own comment: another author could edit theirs later, and it would look like our plan.
    ours = (each for each in _all(to) if each["body"].startswith(MARK) and each[field][name] == me)
    found = next(ours, None)
    if found:
        _asked(to, to.update, to.one.format(id=found["id"]), text)
    else:
        _asked(to, "POST", to.comments, text)


def _all(to: Forge) -> Iterator[Json]:
    for page in count(1):
        found: list[Json] = _asked(to, "GET", f"{to.comments}?per_page={_PAGE}&page={page}")
        yield from found
        if len(found) < _PAGE:
            return


def _asked(to: Forge, method: str, address: str, text: str | None = None) -> Any:  # noqa: ANN401 - JSON of the forge
    body = None if text is None else json.dumps({"body": text}).encode()
    headers = {**to.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(address, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return json.loads(answer.read())


def comment(plans: Sequence[tuple[str, str]], limit: int = LIMIT) -> str:
    """One text with all plans, by name. If it is too long, the longest plans are cut."""
    texts = {name: text.strip() or f"There is no plan of **{name}**. Its job says why." for name, text in plans}
    left = limit - len(MARK) - 2 * len(texts) - 2
    allowed: dict[str, str] = {}
    for done, name in enumerate(sorted(texts, key=lambda each: len(texts[each]))):
        allowed[name] = _cut(texts[name], left // (len(texts) - done))
        left -= len(allowed[name])
    return "\n\n".join([MARK, *(allowed[name] for name in texts)]) + "\n"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[: max(0, most - _CLOSING)].rpartition("\n")[0]
    fence = "\n```" if sum(line.startswith("```") for line in kept.splitlines()) % 2 else ""
    opened = kept.count("<details>") > kept.count("</details>")
    return kept + fence + ("\n</details>" if opened else "") + _CUT.rstrip()


def main(paths: Sequence[str]) -> int:
    """Runs the command, and returns its exit code."""
    files = [Path(each) for each in paths]
    text = comment([(file.stem, file.read_text(encoding="utf-8")) for file in files])
    try:
        to = forge(os.environ)
    except KeyError as error:
        print(f"✗ cannot write the comment: {error.args[0]} is not set; set it in the pipeline", file=sys.stderr)
        return 1
    try:
        write(to, text)
    except urllib.error.URLError as error:
        print(f"✗ cannot write the comment ({error}); check the permissions of COMMENT_TOKEN", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
