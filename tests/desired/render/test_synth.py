"""When synth starts renderers: with an empty cache at once, so that they start while the work tree is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.values import Problem
from desired.render import Fleet
from desired.render.cache import open_cache
from desired.render.pool import RendererPool
from desired.render.source import Code
from desired.render.synth import synthesized
from desired.render.work_tree import WorkTree


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Code]:
    """The code that renderers were started with, in a run whose work tree is refused as soon as it is read."""
    found: list[Code] = []

    def refuse(_tree: WorkTree) -> None:
        raise Problem("refused")

    monkeypatch.setenv("DESIRED_CACHE_DIR", str(tmp_path))
    for name in ("DESIRED_CACHE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(RendererPool, "start", lambda _pool, code: found.append(code))
    monkeypatch.setattr(WorkTree, "check", refuse)
    return found


def run(root: Path) -> None:
    fleet = Fleet(services="apps", environments="envs", components=lambda _environment, _role: ())
    with pytest.raises(Problem, match="refused"), synthesized(fleet, root):
        pass


def test_an_empty_cache_starts_renderers_before_the_work_tree_is_read(started: list[Code], tmp_path: Path) -> None:
    run(tmp_path)
    assert started == [Code(tmp_path)]


def test_without_a_cache_renderers_start_at_once(
    started: list[Code], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIRED_CACHE", "off")
    run(tmp_path)
    assert started == [Code(tmp_path)]


def test_with_units_in_the_cache_renderers_start_only_when_needed(started: list[Code], tmp_path: Path) -> None:
    cache = open_cache()
    cache.put("key", {"a.yaml": "a"}, {})
    cache.close()
    run(tmp_path)
    assert started == []
