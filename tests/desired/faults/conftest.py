"""One fork for all tests of a process, made once; every test gets a remote of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fork
from tests.support.fork import Fork


@pytest.fixture(scope="session")
def cache() -> Iterator[str]:
    """The folder of the caches that all tests here share."""
    # Not below pytest's folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="desired-", ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.fixture(autouse=True)
def with_cache(cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only in these tests: what runs beside them has caches of its own."""
    use(cache, monkeypatch)


def use(cache: str, patch: pytest.MonkeyPatch) -> None:
    """The caches, trusted also in CI: they were made here."""
    patch.setenv("DESIRED_CACHE_DIR", cache)
    for name in ("CI", "DESIRED_CACHE"):
        patch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def published(cache: str, tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """The fork, published. Not to be changed: see `fleet`."""
    with pytest.MonkeyPatch.context() as patch:
        use(cache, patch)
        return fork.make(tmp_path_factory.mktemp("fork"))


@pytest.fixture
def fleet(published: Fork, tmp_path: Path) -> Fork:
    """A published remote."""
    return published.copied(tmp_path / "fleet")


@pytest.fixture
def start(fleet: Fork) -> str:
    """The commit at which both branches of the remote are before the test."""
    return fleet.tip("main")
