"""The command line in a clone of a published fork: one for each test, and one that nobody changes."""

from __future__ import annotations

import pytest

from tests.desired.conftest import use
from tests.support.command_line import Desired
from tests.support.fork import Fork, git


@pytest.fixture
def desired(fork: Fork) -> Desired:
    """The command line in a clone of the test's own fork."""
    return Desired(fork.clone("clone"))


@pytest.fixture(scope="module")
def unchanged(template: Fork, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """A fork for commands that change nothing, with a tag."""
    fork = template.copied(tmp_path_factory.mktemp("unchanged") / "fork")
    git(fork.remote, "tag", "v1", "main")
    return fork


@pytest.fixture
def reading(unchanged: Fork, cache: str, monkeypatch: pytest.MonkeyPatch) -> Desired:
    """The command line in a clone of a fork that no test changes."""
    use(cache, monkeypatch)
    return Desired(unchanged.clone("clone"))
