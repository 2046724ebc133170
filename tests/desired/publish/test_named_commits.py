"""A commit that an operation names is one that everybody can see; what enters is what was looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from desired.core.errors import Refused
from desired.publish.verify import verify
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import ask, deploy

_HIDDEN = "is not in main, so that nobody else can see it. Merge it to main first, or name a commit of main"


def _local_commit(clone: Path, path: str, old: str, new: str) -> str:
    """A commit in a clone that is pushed nowhere."""
    file = clone / path
    file.write_text(file.read_text().replace(old, new))
    git(clone, "commit", "-q", "-a", "-m", "Mine alone")
    return git(clone, "rev-parse", "HEAD")


def test_a_spec_of_a_commit_that_only_this_clone_has_is_refused(fork: Fork) -> None:
    clone = fork.clone("clone")
    mine = _local_commit(clone, "apps/search.py", "8080", "6666")
    before = fork.tip("live")
    answer = Desired(clone)(
        "deploy", "search", "--image", image("search", 2), "-e", "staging", "--spec-at", "HEAD", code=3
    )
    assert mine[:12] in answer.output
    assert _HIDDEN in answer.output.replace("\n", " ")
    assert fork.tip("live") == before


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("promote", {"environment": "preprod", "source": "staging", "recipe": "{mine}"}),
        ("reset", {"environment": "staging", "to": "{mine}"}),
        ("restore", {"environment": "staging", "service": "search", "at": "{mine}"}),
        ("undo", {"environment": "staging", "commit": "{mine}"}),
        ("platform", {"environment": "staging", "tag": "v1", "commit": "{mine}"}),
    ],
)
def test_an_operation_that_names_such_a_commit_is_refused(fork: Fork, verb: str, given: dict[str, str]) -> None:
    mine = _local_commit(fork.clone("clone"), "releases/staging/search.yaml", "sha256:0", "sha256:d")
    with fork.publisher() as publisher, pytest.raises(Refused, match=_HIDDEN):
        ask(publisher, verb, **{name: text.format(mine=mine) for name, text in given.items()})


def test_a_tag_on_a_branch_that_was_never_merged_is_refused(fork: Fork) -> None:
    clone = fork.clone("clone")
    _local_commit(clone, "apps/search.py", "8080", "6666")
    git(clone, "tag", "v1")
    git(clone, "push", "-q", "origin", "v1")
    answer = Desired(clone)("platform", "v1", "-e", "staging", code=3)
    assert _HIDDEN in answer.output.replace("\n", " ")


def test_an_operation_that_took_its_spec_from_a_hidden_commit_is_found_by_verify(fork: Fork) -> None:
    """As an older version, or another program, may have published it."""
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2)
        publisher.head()
        assert verify(publisher).problems == ()
        parent, live = fork.tip("live~1"), fork.tip("live")
        message = publisher.git.message(live).replace(f'"specs_at": "{parent}"', f'"specs_at": "{live}"')
        author = publisher.git.commit(live).author
        forged = publisher.git.commit_tree(publisher.git.tree_id(live, ""), [parent], message, author, sign=False)
        git(fork.clone("clone"), "push", "-q", "-f", "origin", f"{forged}:main", f"{forged}:live")
        publisher.head()
        assert any("is not in main" in each for each in verify(publisher).problems)


def test_promote_brings_in_the_recipe_that_was_looked_at(fork: Fork) -> None:
    desired = Desired(fork.clone("clone"))
    desired("deploy", "search", "--image", image("search", 2), "-e", "staging", "--ref", "main")
    seen = fork.tip("main")
    with fork.publisher("other") as publisher:
        deploy(publisher, "basket", 9)
    desired("promote", "staging", "preprod", "--expected", seen)
    assert image("search", 2) in git(fork.remote, "show", "live:releases/preprod/search.yaml")
    assert image("basket", 9) not in git(fork.remote, "show", "live:releases/preprod/basket.yaml")
