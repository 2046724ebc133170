"""What pins the programs, and the names of their binaries in the cache."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.programs.modules import MODULES, Module, checksum, flags, key, label, module_of, pin

_GO_MOD = """module desired/hello

go 1.24.0

tool example.com/hello/v2/cmd/hello

require (
	example.com/hello v1.0.0 // indirect
	example.com/hello/v2 v2.3.4 // indirect
	k8s.io/client-go v0.36.1 // indirect
)

replace k8s.io/client-go => k8s.io/client-go v0.35.0
"""
_GO_SUM = "example.com/hello/v2 v2.3.4 h1:whole\nexample.com/hello/v2 v2.3.4/go.mod h1:mod\n"


@pytest.fixture
def hello(tmp_path: Path) -> Module:
    (tmp_path / "go.mod").write_text(_GO_MOD)
    (tmp_path / "go.sum").write_text(_GO_SUM)
    return Module(tmp_path, {"hello": "example.com/hello/v2/cmd/hello"})


def _changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_version_is_that_of_the_module_that_holds_the_package(hello: Module) -> None:
    assert pin(hello.folder).version("example.com/hello/v2/cmd/hello") == "v2.3.4"
    assert pin(hello.folder).version("example.com/hello/cmd") == "v1.0.0"


def test_the_checksum_is_that_of_the_module_and_not_of_its_go_mod(hello: Module) -> None:
    assert checksum(hello.folder, "example.com/hello/v2") == "h1:whole"


def test_the_binaries_have_the_same_name_as_long_as_nothing_changes(hello: Module) -> None:
    assert key(hello) == key(hello)
    assert re.fullmatch(rf"{hello.folder.name}-v2\.3\.4-[0-9a-f]{{12}}", key(hello))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("go.mod", "hello/v2 v2.3.4", "hello/v2 v2.3.5"),
        ("go.mod", "v0.35.0", "v0.35.1"),
        ("go.mod", "go 1.24.0", "go 1.25.0"),
        ("go.sum", "h1:whole", "h1:other"),
    ],
    ids=["version", "replacement", "go", "checksum"],
)
def test_another_pin_is_another_name_in_the_cache(hello: Module, file: str, old: str, new: str) -> None:
    before = key(hello)
    _changed(hello.folder / file, old, new)
    assert key(hello) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda hello: hello._replace(tags="lean"),
        lambda hello: hello._replace(stamps={"main.version": "{version}"}),
        lambda hello: hello._replace(programs={**hello.programs, "bye": "example.com/hello/v2/cmd/bye"}),
    ],
    ids=["tags", "stamps", "programs"],
)
def test_other_flags_or_packages_are_another_name_in_the_cache(
    hello: Module, change: Callable[[Module], Module]
) -> None:
    assert key(change(hello)) != key(hello)


def test_a_stamp_is_the_programs_own_version_or_that_of_kubernetes(hello: Module) -> None:
    stamped = hello._replace(stamps={"a.b": "{version}", "a.c": "{major}.{minor}", "a.d": "1.{client_go}"})
    assert flags(stamped)[-1:] == ["-ldflags=-s -w -X a.b=v2.3.4 -X a.c=2.3 -X a.d=1.36"]


def test_programs_of_one_version_share_it_in_what_people_read(hello: Module) -> None:
    three = {name: f"example.com/hello/v2/cmd/{name}" for name in ("one", "two")}
    assert label(hello._replace(programs={**three, "old": "example.com/hello/cmd"})) == "one, two v2.3.4, old v1.0.0"


def test_a_go_mod_without_a_go_line_is_refused(hello: Module) -> None:
    _changed(hello.folder / "go.mod", "go 1.24.0\n", "")
    with pytest.raises(ValueError, match=r"go\.mod has no `go` line; write the version"):
        pin(hello.folder)


def test_an_unknown_program_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(ValueError, match="there is no program 'minikube'; the programs are etcd, kube-apiserver, "):
        module_of("minikube")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.folder.name)
def test_the_tool_lines_of_go_mod_are_the_packages_of_the_table(module: Module) -> None:
    text = (module.folder / "go.mod").read_text()
    block = re.search(r"^tool \(\n(.*?)\n\)$", text, re.MULTILINE | re.DOTALL)
    tools = block[1].split() if block else re.findall(r"^tool (\S+)$", text, re.MULTILINE)
    assert sorted(tools) == sorted(module.programs.values())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.folder.name)
def test_every_module_that_a_program_comes_from_has_a_checksum(module: Module) -> None:
    pinned = pin(module.folder)
    for package in module.programs.values():
        holder = max((m for m in pinned.requires if f"{package}/".startswith(f"{m}/")), key=len)
        assert checksum(module.folder, holder).startswith("h1:")
