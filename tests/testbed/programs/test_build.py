"""Programs are built once, by the real `go`, from modules of a proxy on the disk."""

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.programs import modules
from testbed.programs.build import ToolMissing, build, missing, program
from testbed.programs.modules import Module
from tests.testbed.programs.proxy import Proxy

_MAIN = 'package main\n\nvar version = "none"\n\nfunc main() { println("%s", version) }\n'
_ENVTEST = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")


@pytest.fixture
def greet(tmp_path: Path, proxy: Proxy, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The only module that there is; it makes two programs."""
    files = {f"cmd/{name}/main.go": _MAIN % name for name in ("hello", "bye")}
    module = _module(tmp_path / "greet", proxy, files)
    monkeypatch.setattr(modules, "MODULES", (module,))
    return module


def _module(folder: Path, proxy: Proxy, files: dict[str, str]) -> Module:
    published = proxy.publish("example.com/greet", "v1.2.3", files)
    folder.mkdir()
    (folder / "go.mod").write_text("module desired/greet\n\ngo 1.24.0\n\nrequire example.com/greet v1.2.3\n")
    (folder / "go.sum").write_text(published.go_sum)
    programs = {name: f"example.com/greet/cmd/{name}" for name in ("hello", "bye")}
    return Module(folder, programs, stamps={"main.version": "{version}"})


def _says(binary: Path) -> str:
    return subprocess.run([binary], capture_output=True, text=True, check=True).stderr


@pytest.mark.usefixtures("greet")
def test_a_program_is_built_with_its_version_in_it() -> None:
    assert _says(program("hello")) == "hello v1.2.3\n"


@pytest.mark.usefixtures("greet")
def test_a_program_that_was_built_needs_no_go_any_more(gos: Callable[[str, str], None]) -> None:
    first = program("hello")
    gos("", "")
    assert program("hello") == first


@pytest.mark.usefixtures("greet")
def test_one_build_makes_all_programs_of_a_module(capfd: pytest.CaptureFixture[str]) -> None:
    assert _says(program("hello")) == "hello v1.2.3\n"
    assert _says(program("bye")) == "bye v1.2.3\n"
    assert capfd.readouterr().err.count("building hello, bye v1.2.3 …\n") == 1


def test_a_module_of_one_program_calls_it_as_the_table_does(greet: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    one = greet._replace(programs={"welcome": "example.com/greet/cmd/hello"})
    monkeypatch.setattr(modules, "MODULES", (one,))
    assert program("welcome").name == "welcome"
    assert _says(program("welcome")) == "hello v1.2.3\n"


def test_a_changed_pin_is_built_anew_beside_the_old_one(greet: Module) -> None:
    before = program("hello")
    (greet.folder / "go.mod").write_text((greet.folder / "go.mod").read_text().replace("go 1.24.0", "go 1.24.1"))
    assert missing(greet)
    assert program("hello") != before
    assert before.exists()


@pytest.mark.usefixtures("greet")
def test_two_that_need_a_program_at_once_build_it_once(capfd: pytest.CaptureFixture[str]) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(program("hello"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert capfd.readouterr().err.count("building hello, bye v1.2.3 …\n") == 1


def test_a_build_that_fails_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, proxy: Proxy, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = _module(tmp_path / "broken", proxy, {"cmd/hello/main.go": "package main\n\nfunc main() { wrong() }\n"})
    broken = broken._replace(programs={"hello": "example.com/greet/cmd/hello"})
    with pytest.raises(ToolMissing, match=r"^Cannot build hello v1\.2\.3: go exited with 1: .*undefined: wrong$"):
        build(broken)
    assert re.search(r"building hello v1\.2\.3 … \d+ s, failed", capfd.readouterr().err)
    assert [left.name for left in (cache / "tools").iterdir()] == [".lock"]


def test_a_proxy_that_does_not_answer_is_named(greet: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:1")
    with pytest.raises(ToolMissing, match=r"Cannot build hello, bye v1\.2\.3: .*127\.0\.0\.1:1: connect"):
        build(greet)


def test_a_module_that_is_not_the_pinned_one_is_refused(greet: Module) -> None:
    sums = (greet.folder / "go.sum").read_text()
    (greet.folder / "go.sum").write_text(sums.replace(" h1:", " h1:AAAA", 1))
    with pytest.raises(
        ToolMissing, match=r"go exited with 1: verifying example\.com/greet@v1\.2\.3: checksum mismatch$"
    ):
        build(greet)


@pytest.mark.usefixtures("greet")
def test_what_a_killed_build_left_behind_is_removed(cache: Path) -> None:
    left = cache / "tools" / ".part-1" / ".work"
    left.mkdir(parents=True)
    built = program("hello")
    assert {entry.name for entry in (cache / "tools").iterdir()} == {".lock", built.parent.name}
    assert {entry.name for entry in built.parent.iterdir()} == {"hello", "bye"}


@pytest.mark.parametrize("name", _ENVTEST)
def test_a_binary_of_the_control_plane_is_taken_from_kubebuilder_assets(
    name: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert program(name) == tmp_path / name
    assert not cache.exists()


def test_another_program_is_not_taken_from_kubebuilder_assets(
    greet: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello").touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert missing(greet)
    assert _says(program("hello")) == "hello v1.2.3\n"


def test_what_kubebuilder_assets_lacks_is_built(greet: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    envtest = greet._replace(programs={"etcd": greet.programs["hello"], "kubectl": greet.programs["bye"]})
    both = greet._replace(programs={"hello": greet.programs["hello"], "bye": greet.programs["bye"]})
    assert missing(both)
    (tmp_path / "etcd").touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert missing(envtest)
    (tmp_path / "kubectl").touch()
    assert not missing(envtest)
