"""`manifests/` is exchanged folder by folder, and an exchange that was cut off is finished by the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from constructs_lib.values.data import digest
from desired.render.files import exchange, on_disk

OLD = {"a/one.yaml": "1", "a/two.yaml": "2", "b/one.yaml": "3"}
NEW = {"a/one.yaml": "10", "a/two.yaml": "20", "b/one.yaml": "30", "b/two.yaml": "40"}


def sums(texts: dict[str, str]) -> dict[str, str]:
    return {path: digest(text) for path, text in texts.items()}


def given(texts: Mapping[str, str]) -> Callable[[Iterable[str]], dict[str, str]]:
    """What gives the texts of paths."""
    return lambda paths: {path: texts[path] for path in paths}


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    exchange(tmp_path / "manifests", tmp_path / "scratch", sums(OLD), given(OLD))
    assert on_disk(tmp_path / "manifests") == sums(OLD)
    return tmp_path / "manifests"


class Cut(Exception):
    """Stands for a process that is ended."""


def cut_at(path: str) -> str:
    raise Cut(path)


def test_it_returns_what_changed(manifests: Path) -> None:
    changed = exchange(manifests, manifests.parent / "scratch", sums(NEW), given(NEW))
    assert changed == sorted(NEW)
    assert on_disk(manifests) == sums(NEW)
    assert not (manifests.parent / "scratch").exists()


def test_a_folder_that_stays_the_same_is_not_touched(manifests: Path) -> None:
    before = (manifests / "a").stat().st_ino
    exchange(manifests, manifests.parent / "scratch", sums({**OLD, "b/one.yaml": "x"}), given({"b/one.yaml": "x"}))
    assert (manifests / "a").stat().st_ino == before


@pytest.mark.parametrize("path", NEW)
def test_cut_off_while_writing_each_folder_is_old_or_new_and_the_next_run_finishes(manifests: Path, path: str) -> None:
    def texts(asked: Iterable[str]) -> dict[str, str]:
        return {each: NEW[each] if each != path else cut_at(each) for each in asked}

    with pytest.raises(Cut):
        exchange(manifests, manifests.parent / "scratch", sums(NEW), texts)
    found = on_disk(manifests)
    for folder in ("a/", "b/"):
        inside = {name: sum_ for name, sum_ in found.items() if name.startswith(folder)}
        assert inside in [{k: v for k, v in sums(each).items() if k.startswith(folder)} for each in (OLD, NEW)]
    exchange(manifests, manifests.parent / "scratch", sums(NEW), given(NEW))
    assert on_disk(manifests) == sums(NEW)


def test_cut_off_between_the_two_renames_the_next_run_finishes(
    manifests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def first_only(self: Path, target: Path) -> Path:
        return rename(self, target) if not self.name.startswith("new-") else Path(cut_at(str(target)))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", first_only)
        with pytest.raises(Cut):
            exchange(manifests, manifests.parent / "scratch", sums(NEW), given(NEW))
    assert on_disk(manifests) != sums(OLD)
    exchange(manifests, manifests.parent / "scratch", sums(NEW), given(NEW))
    assert on_disk(manifests) == sums(NEW)
