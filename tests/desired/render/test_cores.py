"""The number of cores, on systems that know more or less about them."""

from __future__ import annotations

import os

import pytest

from desired.render.cores import cores
from desired.render.pool import RendererPool


def test_a_process_uses_the_cores_that_it_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6}, raising=False)
    assert cores() == 3


@pytest.mark.parametrize(("counted", "used"), [(8, 8), (None, 1)])
def test_where_the_system_does_not_tell_it_uses_all(
    monkeypatch: pytest.MonkeyPatch, counted: int | None, used: int
) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert cores() == used
    assert RendererPool().size == used
