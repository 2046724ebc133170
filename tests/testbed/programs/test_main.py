"""`python -m testbed.programs` makes what is missing."""

from pathlib import Path

import pytest

from testbed.programs import crds, modules
from testbed.programs.__main__ import main
from testbed.programs.download import Folders
from testbed.programs.modules import Module
from tests.testbed.programs.proxy import Proxy


@pytest.fixture
def small(tmp_path: Path, proxy: Proxy, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One program and two sets of files in the place of ours, and a program of the benchmarks that cannot be built."""
    published = proxy.publish(
        "example.com/all", "v1.0.0", {"main.go": "package main\n\nfunc main() {}\n", "f/a.yaml": ""}
    )
    for name in ("etcd", "helm"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text("module d\n\ngo 1.24.0\n\nrequire example.com/all v1.0.0\n")
        (tmp_path / name / "go.sum").write_text(published.go_sum if name == "etcd" else "")
    made = tuple(Module(tmp_path / name, {name: "example.com/all"}) for name in ("etcd", "helm"))
    monkeypatch.setattr(modules, "MODULES", made)
    files = Folders("example.com/all", "v1.0.0", published.sum, ("f",))
    monkeypatch.setattr(crds, "CRDS", {"gateway-api": files})
    monkeypatch.setattr(crds, "STAGES", files)


@pytest.mark.usefixtures("small")
def test_the_first_time_shows_each_step_and_the_second_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    said = capsys.readouterr().err
    assert "[1/2] building etcd v1.0.0 …\n" in said
    assert "[2/2] fetching 2 sets of definitions and stages …\n" in said
    assert said.splitlines()[-1].startswith("all programs of the test bed are ready after ")
    assert main() == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("small")
def test_what_is_missing_on_the_machine_is_the_last_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    assert main() == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("etcd v1.0.0 could not be built, go exited with 1: ")
