"""What is missing is made, and only that."""

from pathlib import Path

import pytest

from testbed.programs import crds, modules
from testbed.programs.build import ToolMissing
from testbed.programs.download import Folders
from testbed.programs.modules import Module
from testbed.programs.prepare import prepare
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
    for table in ("PROVIDERS", "WEBHOOKS"):
        monkeypatch.setattr(crds, table, {})


@pytest.mark.usefixtures("small")
def test_the_first_time_shows_each_step_and_the_second_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    prepare()
    said = capsys.readouterr().err
    assert "[1/2] building etcd v1.0.0 …\n" in said
    assert "[2/2] fetching 2 sets of definitions and stages …\n" in said
    assert said.splitlines()[-1].startswith("all programs of the test bed are ready after ")
    prepare()
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("small")
def test_what_cannot_be_had_ends_it_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(ToolMissing, match=r"^Cannot build etcd v1\.0\.0: go exited with 1: "):
        prepare()
