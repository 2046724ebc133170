"""Own code cannot end the process in which it runs, neither at once nor by never ending."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from desired.render import own_code
from desired.render.fleet import load_fleet
from desired.render.own_code import said
from tests.support.repository import Repository, repository

_CATCHES_ALL = "try:\n    while True:\n        pass\nexcept BaseException:\n    pass\nwhile True:\n    pass\n"


@pytest.mark.parametrize("source", ["while True:\n    pass\n", _CATCHES_ALL])
def test_code_that_does_not_end_is_stopped_with_its_file(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(own_code, "_PATIENCE_SECONDS", 0.1)
    problems: list[str] = []
    before = signal.getsignal(signal.SIGALRM)
    with said(Path("apps/cart.py"), problems):
        exec(compile(source, "apps/cart.py", "exec"), {})
    (sentence,) = problems
    assert sentence.startswith("apps/cart.py, line ")
    assert sentence.endswith("still runs after 0.1 seconds. Remove the loop: this file only defines values")
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    made = repository(tmp_path)
    made.service("greeter")
    return made


ENDS = {
    "envs/__init__.py": "import sys\nsys.exit(0)\n",
    "envs/compose.py": "import sys\nsys.exit(0)\n",
    "envs/first.py": "import sys\nsys.exit(0)\n",
}


@pytest.mark.parametrize("path", ENDS)
@pytest.mark.parametrize("do", ["synth", "diff"])
def test_a_file_of_envs_that_ends_the_program_is_named(empty: Repository, path: str, do: str) -> None:
    empty.commit()
    empty.write(path, ENDS[path])
    done = empty.run("desired.cli.work_tree", do)
    assert done.returncode == 1
    assert f"✗ {path}, line 2: ends the program (exit code 0). Remove that call" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["envs/compose.py", "envs/first.py"])
def test_the_renderer_names_a_file_of_envs_that_ends_the_program(empty: Repository, path: str) -> None:
    empty.write(path, ENDS[path])
    asked = "from desired.render.pool import *; from desired.render.source import Code; from pathlib import Path\n"
    asked += "RendererPool().ask(Code(Path('.')), 'describe', {})"
    empty.write("ask.py", asked)
    done = empty.run("ask")
    assert f"Problem: {path}, line 2: ends the program (exit code 0)" in done.stderr
    assert done.stderr.count("ends the program") == 1


def test_a_renderer_that_ends_before_it_begins_is_told_where_to_look(empty: Repository) -> None:
    empty.write("envs/__init__.py", ENDS["envs/__init__.py"])
    asked = "from desired.render.pool import *; from desired.render.source import Code; from pathlib import Path\n"
    empty.write("ask.py", asked + "RendererPool().ask(Code(Path('.')), 'describe', {})")
    said = "ended with 0: it printed nothing. Look for an exit in envs/__init__.py and envs/render.py. Fix that code"
    assert said in empty.run("ask").stderr


def test_a_module_without_a_fleet_is_refused(empty: Repository) -> None:
    empty.write("envs/compose.py", "FLEET = 1\n")
    done = empty.synth()
    assert (done.returncode, done.stderr) == (1, "✗ envs/compose.py: must hold one value, FLEET = Fleet(…)\n")


def test_a_fleet_is_taken_as_it_is() -> None:
    fleet = load_fleet("envs.compose")
    assert load_fleet(fleet) is fleet
