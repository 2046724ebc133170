"""Whatever changes in a repository, synth makes the same with its cache as without it."""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desired.render.fingerprint import own_digest
from desired.render.pool import RendererPool
from desired.render.source import Code
from tests.support.repository import ROOT, Repository

_OWN = '''"""A component of this repository: its namespace shows all that it reads."""

from pathlib import Path
from cdk8s_plus_27 import k8s
from constructs import Construct
from apps import _shared
from .{helper} import NOTE


class Own(Construct):
    """A namespace."""

    def __init__(self, scope, environment, role):
        super().__init__(scope, "own")
        labels = {{f"pod-security.kubernetes.io/{{mode}}": "restricted" for mode in ("enforce", "warn", "audit")}}
        files = sorted((Path(__file__).parent / "data").rglob("*"))
        notes = {{each.name: each.read_text() for each in files if each.is_file()}}
        notes |= {{"helper": NOTE, "shared": _shared.GREETING}}
        k8s.KubeNamespace(self, "Namespace", metadata=k8s.ObjectMeta(name="own", labels=labels, annotations=notes))
'''
_SHARED = "from pathlib import Path\nGREETING = {greeting}\n"
_LINE = '        Component(name="own", made_by="envs.own.namespace:Own"),\n'
_FILES = {
    "envs/own/data/a.txt": ("one", "two", None),
    "envs/own/data/sub/b.txt": ("one", "two", None),
    "envs/own/data/deep/c.txt": (None, "one"),
    "envs/own/first.py": ("NOTE = 'one'\n", "NOTE = 'two'\n", None),
    "envs/own/second.py": ("from .first import NOTE\n", "NOTE = 'four'\n", "1 / 0\n"),
    "envs/own/namespace.py": (_OWN.format(helper="first"), _OWN.format(helper="second")),
    "apps/_shared.py": (
        _SHARED.format(greeting="'hello'"),
        _SHARED.format(greeting="Path('apps/greeting.txt').read_text()"),
    ),
    "apps/greeting.txt": ("hello", "ahoy", None),
}
"""Paths and what they may hold. The first is what they hold at the beginning; None stands for no file."""
_WORDS = {
    "apps/greeter.py": ('"hello"', '"ahoy"', "_shared.GREETING"),
    "envs/first.py": ('"info"', '"debug"'),
    "releases/first/greeter.yaml": ("2222", "3333"),
}
"""Paths and the words in them that take each other's place."""


def _put(path: str, text: str | None) -> Callable[[Repository], None]:
    def change(repo: Repository) -> None:
        (repo.root / path).unlink(missing_ok=True)
        if text is not None:
            repo.write(path, text)

    return change


def _exchange(path: str, new: str) -> Callable[[Repository], None]:
    def change(repo: Repository) -> None:
        text = (repo.root / path).read_text()
        repo.write(path, text.replace(next(each for each in _WORDS[path] if each in text), new))

    return change


def _add(repo: Repository) -> None:
    repo.service("newcomer")
    repo.release("first", "newcomer")


def _remove(repo: Repository) -> None:
    for path in ("apps/newcomer.py", "releases/first/newcomer.yaml"):
        (repo.root / path).unlink(missing_ok=True)


_EDITS: dict[str, Callable[[Repository], None]] = {
    **{f"{path}: {text!r}": _put(path, text) for path, texts in _FILES.items() for text in texts},
    **{f"{path}: {word}": _exchange(path, word) for path, words in _WORDS.items() for word in words},
    "a service comes": _add,
    "a service goes": _remove,
}


@pytest.fixture(scope="module")
def complete(synthesized_repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A synthesized repository with a component of its own. Not to be changed."""
    repo = _copied(synthesized_repository, tmp_path_factory.mktemp("complete"))
    (repo.root / "envs/second.py").unlink()  # one environment is enough, and takes half the time
    shutil.rmtree(repo.root / "releases/second")
    for path, texts in _FILES.items():
        _put(path, texts[0])(repo)
    repo.replace("apps/greeter.py", "SERVICE =", "from . import _shared\n\nSERVICE =")
    repo.replace("envs/compose.py", "    return (\n", f"    return (\n{_LINE}")
    done = repo.synth()
    assert done.returncode == 0, done.stderr
    return repo


def _synth(repo: Repository, **variables: str) -> tuple[int, list[str], dict[str, str]]:
    """The exit code, what is wrong, and the manifests."""
    done = repo.synth(**variables)
    return done.returncode, sorted(line for line in done.stderr.splitlines() if line.startswith("✗")), repo.tree()


def _copied(repo: Repository, folder: Path) -> Repository:
    shutil.copytree(repo.root, folder / "repository", symlinks=True)
    shutil.copytree(repo.cache, folder / "cache")
    return Repository(folder / "repository", folder / "cache")


@settings(max_examples=5)
@example(names=["envs/own/data/sub/b.txt: 'two'"])
@given(names=st.lists(st.sampled_from(sorted(_EDITS)), min_size=1, max_size=4))
def test_synth_makes_the_same_with_and_without_its_cache(complete: Repository, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = _copied(complete, Path(folder, "cached"))
        for number, name in enumerate(names):
            if number == 2:  # so that states in between are in the cache
                repo.synth()
            _EDITS[name](repo)
        clean = _copied(repo, Path(folder, "clean"))
        assert _synth(repo) == _synth(clean, DESIRED_CACHE="off")


def test_a_module_of_the_repository_outside_of_apps_and_envs_is_refused_with_its_name(complete: Repository) -> None:
    """Operations read the code of a commit from a folder that has no other modules."""
    with tempfile.TemporaryDirectory() as folder:
        repo = _copied(complete, Path(folder, "imports"))
        repo.write("lib/conf.py", "GREETING = 'ahoy'\n")
        repo.replace("apps/_shared.py", "GREETING = 'hello'", "from lib.conf import GREETING")
        before = repo.tree()
        code, wrong, after = _synth(repo)
        assert code == 1
        assert any(
            "lib/conf.py: imported by apps/ or envs/" in each and "Move it to envs/lib/conf.py" in each
            for each in wrong
        )
        assert after == before
        (repo.root / "lib").rename(repo.root / "envs" / "lib")
        repo.replace("apps/_shared.py", "from lib.conf", "from envs.lib.conf")
        assert _synth(repo)[0] == 0


@pytest.fixture
def own(complete: Repository, tmp_path: Path) -> Repository:
    """A copy of the repository with a component of its own."""
    return _copied(complete, tmp_path)


def _says(repo: Repository, value: str, imported: str = "") -> int:
    """Lets the component write a value into its namespace. Returns the line of it."""
    path = "envs/own/namespace.py"
    repo.replace(path, "from pathlib", f"{imported}\nfrom pathlib")
    repo.replace(path, 'notes |= {"helper"', f'notes |= {{"value": {value}, "helper"')
    return next(number for number, line in enumerate((repo.root / path).read_text().splitlines(), 1) if value in line)


def _value(repo: Repository, **variables: str) -> str:
    """What the component wrote."""
    code, wrong, manifests = _synth(repo, DESIRED_CACHE="off", **variables)
    assert code == 0, wrong
    text = manifests["first-apps/platform/own/namespace-own.yaml"]
    return next(line for line in text.splitlines() if " value: " in line)


@pytest.mark.parametrize(
    ("imported", "value", "used"),
    [
        ("import os", "os.environ['HOME']", "os.environ"),
        ("import time", "str(time.time())", "time.time"),
        ("from datetime import datetime", "str(datetime.now())", "datetime.now()"),
        ("", "Path('/etc/hostname').read_text()", "the file /etc/hostname"),
        ("", "Path('docs/a.md').read_text()", "the file docs/a.md"),
    ],
)
def test_a_component_that_reads_more_than_its_commit_is_refused(
    own: Repository, imported: str, value: str, used: str
) -> None:
    line, before = _says(own, value, imported), own.tree()
    code, wrong, after = _synth(own)
    assert (code, after) == (1, before)
    assert f"✗ first-apps: envs/own/namespace.py, line {line}: uses {used}, but manifests are made from" in wrong[0]


def test_a_variable_that_a_tool_reads_for_a_component_is_absent(own: Repository) -> None:
    _says(own, "expandvars('$GREETING')", "from os.path import expandvars")
    assert _value(own, GREETING="hello").endswith('value: "$GREETING"')


def test_the_order_of_a_set_is_the_same_in_every_process(own: Repository) -> None:
    _says(own, "'-'.join({'a', 'b', 'c', 'd', 'e'})")
    assert _value(own, PYTHONHASHSEED="1") == _value(own, PYTHONHASHSEED="2")


def test_a_module_that_only_a_component_imports_lies_in_apps_or_envs_too(own: Repository) -> None:
    own.write("lib/conf.py", "GREETING = 'ahoy'\n")
    _says(own, "GREETING", "from lib.conf import GREETING")
    code, wrong, _ = _synth(own)
    assert code == 1
    assert any("lib/conf.py: imported by apps/ or envs/" in each for each in wrong)


def test_an_edit_of_the_same_size_in_the_same_second_counts(own: Repository) -> None:
    """Python finds byte code by the size and the second of its source."""
    file = own.root / "envs/own/first.py"
    assert _synth(own, DESIRED_CACHE="off", PYTHONDONTWRITEBYTECODE="")[0] == 0
    before = file.stat()
    file.write_text("NOTE = 'two'\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "helper: two" in _synth(own, PYTHONDONTWRITEBYTECODE="")[2]["first-apps/platform/own/namespace-own.yaml"]


def test_a_component_makes_the_same_in_every_folder(
    own: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synth runs it in the work tree, and operations in a folder with what Git has of it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("apps", "envs"):
        shutil.copytree(own.root / name, tmp_path / "unpacked" / name)
    request = {"cluster": "first-apps", "releases": {}, "rollouts": {}, "specs": {}}
    pool = RendererPool(size=1)
    one, other = (
        pool.ask(Code(folder), "render", request, units=["platform/own"])[0]
        for folder in (own.root, tmp_path / "unpacked")
    )
    pool.close()
    assert one["files"]
    assert one == other


def test_a_tool_of_another_version_is_in_the_key(
    complete: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for version in ("jinja2-1.dist-info", "jinja2-2.dist-info"):
        (tmp_path / version / version).mkdir(parents=True)
        monkeypatch.setattr(sysconfig, "get_path", {"purelib": str(tmp_path / version)}.__getitem__)
        found.add(own_digest(complete.root))
    assert len(found) == 2
