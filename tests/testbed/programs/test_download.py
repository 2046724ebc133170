"""Folders of modules are fetched once, by the real `go`, from a proxy on the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.programs.download import Folders, copied, fetched
from testbed.programs.go import ToolMissing
from tests.testbed.programs.proxy import Proxy

_FILES = {"stage/fast.yaml": "kind: Stage\n", "stage/kustomization.yaml": "kind: Kustomization\n", "stage/go.go": ""}


@pytest.fixture
def stage(proxy: Proxy, cache: Path) -> Folders:
    published = proxy.publish("example.com/stage", "v1.0.0", _FILES)
    return Folders("example.com/stage", "v1.0.0", published.sum, ("stage",))


def test_the_yaml_files_of_the_folder_are_taken_without_kustomizes_own(stage: Folders) -> None:
    assert {file.name: file.read_text() for file in fetched(stage, copied).iterdir()} == {"fast.yaml": "kind: Stage\n"}


def test_what_was_fetched_needs_neither_go_nor_a_network(
    stage: Folders, gos: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fetched(stage, copied)
    gos("", "")
    monkeypatch.setenv("GOPROXY", "off")
    assert fetched(stage, copied) == first


def test_another_checksum_than_the_pinned_one_is_refused(stage: Folders, cache: Path) -> None:
    with pytest.raises(ToolMissing) as error:
        fetched(stage._replace(sum="h1:pinned"), copied)
    assert str(error.value) == (
        f"example.com/stage v1.0.0 has the checksum {stage.sum}, but h1:pinned is pinned. Do not use it."
    )
    assert [left.name for left in (cache / "modules").iterdir()] == [".lock"]


def test_a_version_that_the_proxy_does_not_have_is_refused(stage: Folders) -> None:
    with pytest.raises(ToolMissing, match=r"^Cannot download example\.com/stage v9\.0\.0: .*no such file"):
        fetched(stage._replace(version="v9.0.0"), copied)


def test_a_folder_that_the_module_lacks_is_refused(stage: Folders) -> None:
    with pytest.raises(ToolMissing, match=r"example\.com/stage v1\.0\.0 has no folder crds; fix its row"):
        fetched(stage._replace(folders=("crds",)), copied)


def test_other_folders_of_the_same_version_lie_elsewhere(stage: Folders) -> None:
    assert stage._replace(folders=("crds",)).path != stage.path
