"""Names and references that try to leave their folder, or to be options of a program, are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from desired.core.errors import Problem
from desired.core.operations import OPERATION
from desired.git import Clone
from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from tests.support import audit, crowd
from tests.support.fork import Fork, git, image
from tests.support.renderers import shared_pool

_NAMES = (
    "../basket",
    "..",
    ".",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "basket\n",
    "basket\nDesired-Key: x",
    "basket\0",
    "-basket",
    "--upload-pack=touch x",
    "$(touch x)",
    "`touch x`",
    "basket;x",
    " basket",
    "",
    "Ärger",
    "a" * 300,
    "%2e%2e",
    "refs/heads/main",
)
_REFERENCES = (
    "../main",
    "--upload-pack=touch x",
    "--output=x",
    "-n",
    "main..live",
    "main:releases",
    "main\n",
    "main\0",
    "main x",
    "@{-1}",
    ":/fix",
    "^main",
    "",
)


@pytest.fixture
def publisher(template: Fork) -> Iterator[Publisher]:
    """One that is asked for names alone, and does nothing."""
    with template.publisher("reader") as own:
        yield own


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("field", ["environment", "service", "name", "source"])
def test_a_name_that_is_none_is_refused(name: str, field: str) -> None:
    given = {
        "environment": {"verb": "close", "environment": name, "service": "basket"},
        "service": {"verb": "close", "environment": "staging", "service": name},
        "name": {"verb": "promote", "environment": "preprod", "source": "staging", "recipe": "a" * 40, "name": name},
        "source": {"verb": "promote", "environment": "preprod", "source": name, "recipe": "a" * 40},
    }[field]
    with pytest.raises(ValidationError):
        OPERATION.validate_python(given)


@pytest.mark.parametrize("name", _NAMES)
def test_nor_a_service_that_is_deployed_under_one(name: str) -> None:
    builds = {name: {"image": image("basket", 2)}}
    with pytest.raises(ValidationError):
        OPERATION.validate_python(
            {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": "a" * 40, "canary": True}
        )


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "../a", "a\0", "x" * 200, "a\r"])
def test_a_key_that_would_forge_a_trailer_is_refused(key: str) -> None:
    with pytest.raises((ValidationError, Problem)):
        crowd.intent({"verb": "close", "environment": "staging", "service": "basket"}, "a" * 40, key)


@pytest.mark.parametrize("reference", _REFERENCES)
def test_a_reference_that_is_none_is_refused(publisher: Publisher, reference: str) -> None:
    with pytest.raises(Problem):
        publisher.git.resolve(reference)


def test_without_that_check_a_reference_would_be_an_option(publisher: Publisher, tmp_path: Path) -> None:
    """What the check keeps away from git: this option writes a file."""
    file = tmp_path / "written"
    publisher.git.run("log", f"--output={file}", "-1")
    assert file.exists()
    with pytest.raises(Problem):
        publisher.git.resolve(f"--output={file}")


@pytest.mark.parametrize(
    "remote", ["--upload-pack=touch x", "-u", "../elsewhere", "ext::sh -c touch% x", "a\nb", "a\0b", "upstream"]
)
def test_a_remote_that_is_no_name_of_one_is_refused_before_git_hears_of_it(template: Fork, remote: str) -> None:
    with (
        pytest.raises(Problem) as refused,
        Publisher(Branches(Clone(template.clone("clone")), remote), shared_pool()) as own,
    ):
        own.head()
    assert "Cannot fetch from" not in str(refused.value)


def _committed_link(fleet: Fork, path: str, target: str) -> None:
    clone = fleet.clone("developer")
    place = clone / path
    place.unlink(missing_ok=True)
    os.symlink(target, place)
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "A link")
    git(clone, "push", "-q", "origin", "HEAD:main")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("releases/staging/basket.yaml", "/etc/passwd"),
        ("releases/staging/basket.yaml", "../../README.md"),
        ("releases/staging/catalog.yaml", "basket.yaml"),
        ("releases/staging/new.yaml", "../../../outside"),
        ("releases/other", "staging"),
    ],
)
def test_a_link_in_releases_is_put_back_and_never_followed(fleet: Fork, start: str, path: str, target: str) -> None:
    _committed_link(fleet, path, target)
    with fleet.publisher() as publisher:
        main = publisher.head()
        builds = {"courier": {"image": image("courier", 2), "ref": "main"}}
        operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": start}
        line = crowd.asked(publisher, crowd.intent(operation, main, "after-1"))
        assert line["status"] == "live", line["said"]
        now = publisher.head()
        assert publisher.git.tree(start, "releases").keys() == publisher.git.tree(now, "releases").keys()
        links = [name for name, entry in publisher.git.tree(now, "releases/staging").items() if entry.mode == "120000"]
        assert links == []
    assert audit.wrong(fleet, start, [line], by_hand=["A link"]) == []


def test_a_link_in_a_clone_is_not_written_through(fleet: Fork, tmp_path: Path) -> None:
    """Commits are made without the work tree, whatever lies in it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    releases = fleet.clone("clone") / "releases"
    releases.rename(releases.with_name("elsewhere"))
    releases.symlink_to(outside)
    with fleet.publisher() as publisher:
        builds = {"courier": {"image": image("courier", 2), "ref": "main"}}
        main = publisher.head()
        operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": main}
        assert crowd.asked(publisher, crowd.intent(operation, main, "linked-1"))["status"] == "live"
    assert list(outside.iterdir()) == []
