"""What the cache forgets: the outputs that were not used for the longest time, and files of older versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from desired.render import cache
from desired.render.cache import Cache, open_cache


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache is. It keeps two outputs."""
    monkeypatch.setattr(cache, "_KEPT_UNITS", 2)
    return tmp_path / "outputs.db"


def age(file: Path, *keys: str) -> None:
    """Make these outputs look unused for a while; the first for the longest time."""
    db = sqlite3.connect(file)
    for seconds, key in enumerate(keys):
        db.execute("update use set at = ? where key = ?", (seconds, key))
    db.commit()
    db.close()


def known(file: Path, *keys: str) -> list[str]:
    """Those of the keys that the cache still knows."""
    opened = Cache(file)
    found = [key for key in keys if opened.digests(key) is not None]
    opened.close()
    return found


def test_outputs_that_were_used_last_are_kept(file: Path) -> None:
    opened = Cache(file)
    for key in ("a", "b", "c", "d"):
        opened.put(key, {"file": key}, {})
    age(file, "b", "a", "c", "d")
    opened.used(["a"])
    opened.close()
    assert known(file, "a", "b", "c", "d") == ["a", "d"]


def test_an_output_that_was_only_made_counts_as_used(file: Path) -> None:
    opened = Cache(file)
    opened.put("a", {"file": "a"}, {})
    opened.used([])
    opened.close()
    assert known(file, "a") == ["a"]


def test_the_files_of_older_versions_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESIRED_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("DESIRED_CACHE", raising=False)
    monkeypatch.delenv("CI", raising=False)
    for name in ("units.db", "units.db-wal"):
        (tmp_path / name).write_text("old")
    open_cache().close()
    assert {path.name for path in tmp_path.iterdir()} == {"outputs.db"}
