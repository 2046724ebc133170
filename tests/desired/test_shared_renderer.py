"""Several processes share one renderer, and whoever dies is replaced."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.synth.children import Code, Died, Job
from desired.problems import Problem
from desired.shared_renderer import SOCKET, SharedCrew, private
from tests.support.renderers import children_of, server_of
from tests.support.repository import ROOT

Json = dict[str, Any]

_SCRIPTED = """
import json, os, pathlib, signal, sys
for line in sys.stdin:
    asked = json.loads(line)
    act, mark = asked.get("act"), pathlib.Path("mark")
    if not asked.get("always") and mark.exists():
        act = None
    mark.touch()
    if act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "die in a line":
        print('{"uni', end="", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "take the server along":
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "refuse":
        print(json.dumps({"problems": ["it is not right"]}), flush=True)
        continue
    for unit in asked.get("units", ["one"]):
        print(json.dumps({"unit": unit, "by": os.getpid(), "files": {}}))
    print(json.dumps({"done": True}), flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the socket, with a path that is short enough. Its server is ended."""
    with tempfile.TemporaryDirectory(prefix="desired-") as made:
        yield Path(made)
        if server := server_of(Path(made)):
            os.kill(server, signal.SIGTERM)


@pytest.fixture
def crew(folder: Path) -> Iterator[SharedCrew]:
    made = SharedCrew(folder)
    yield made
    made.close()


@pytest.fixture
def scripted(tmp_path: Path) -> Code:
    """Code whose renderer does what it is asked for, even if that is to die."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "__init__.py").touch()
    (tmp_path / "envs" / "render.py").write_text(_SCRIPTED)
    return Code(tmp_path, name="a script")


def ask(crew: SharedCrew, code: Code, do: str = "plan", **more: Any) -> list[Json]:
    child = crew.one(code)
    answers = list(child.ask(do, {"cluster": "first-apps"}, **more))
    crew.back(child)
    return answers


def test_a_client_is_told_what_a_child_of_its_own_would_say(crew: SharedCrew) -> None:
    head = Code(ROOT)
    child = head.start()
    own = list(child.ask("describe", {}))
    child.close()
    assert ask(crew, head, "describe") == own


def test_clients_share_one_child(folder: Path, scripted: Code) -> None:
    crews = [SharedCrew(folder) for _ in range(3)]
    assert len({answer["by"] for crew in crews for answer in ask(crew, scripted)}) == 1


def test_a_code_is_the_same_whatever_commit_it_is_known_by(crew: SharedCrew, scripted: Code) -> None:
    names = [Code(scripted.folder, name=f"the commit {number}") for number in range(3)]
    assert len({ask(crew, code)[0]["by"] for code in names}) == 1


def test_clients_that_come_at_once_start_one_server(folder: Path, scripted: Code) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: ask(SharedCrew(folder), scripted)[0]["by"], range(8)))
    server = server_of(folder)
    assert server
    assert set(found) <= set(children_of(server))
    assert len(set(found)) <= SharedCrew(folder).size


def test_jobs_are_rendered_and_taken_in_the_callers_thread(crew: SharedCrew, scripted: Code) -> None:
    taken: list[str] = []
    jobs = [Job(scripted, {"cluster": "first-apps"}, {f"{job}-{unit}": "key" for unit in "ab"}) for job in range(3)]
    crew.render(jobs, lambda _, answer: taken.append(answer["unit"]))
    assert sorted(taken) == ["0-a", "0-b", "1-a", "1-b", "2-a", "2-b"]


def test_a_refusal_is_told_and_the_child_lives_on(crew: SharedCrew, scripted: Code) -> None:
    first = ask(crew, scripted)
    with pytest.raises(Problem, match="it is not right"):
        ask(crew, scripted, act="refuse", always=True)
    assert ask(crew, scripted) == first


@pytest.mark.parametrize("act", ["die", "die in a line", "take the server along"])
def test_what_dies_over_a_question_is_replaced_and_asked_again(crew: SharedCrew, scripted: Code, act: str) -> None:
    assert [answer["unit"] for answer in ask(crew, scripted, act=act)] == ["one"]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("die", "the renderer with the code of a script ended"),
        ("die in a line", "the renderer with the code of a script ended"),
        ("take the server along", "ended twice over one question"),
    ],
)
def test_what_dies_twice_over_a_question_is_a_problem_in_a_sentence(
    crew: SharedCrew, scripted: Code, act: str, said: str
) -> None:
    with pytest.raises(Died, match=said):
        ask(crew, scripted, act=act, always=True)
    assert [answer["unit"] for answer in ask(crew, scripted)] == ["one"]


def test_a_server_that_is_killed_between_two_questions_is_not_noticed(
    crew: SharedCrew, folder: Path, scripted: Code
) -> None:
    (first,) = ask(crew, scripted)
    server = server_of(folder)
    assert server
    os.kill(server, signal.SIGKILL)
    (second,) = ask(crew, scripted)
    assert first["by"] != second["by"]
    assert server_of(folder) not in (server, None)


def test_a_line_that_went_dead_long_ago_is_no_death_over_a_question(
    crew: SharedCrew, folder: Path, scripted: Code, tmp_path: Path
) -> None:
    ask(crew, scripted)
    server = server_of(folder)
    assert server
    os.kill(server, signal.SIGKILL)
    while server_of(folder) == server:
        pass
    (tmp_path / "mark").unlink()
    # The new server dies as well, once.
    assert [answer["unit"] for answer in ask(crew, scripted, act="take the server along")] == ["one"]


def test_nobody_else_may_open_the_socket(crew: SharedCrew, folder: Path, scripted: Code) -> None:
    ask(crew, scripted)
    assert stat.S_IMODE((folder / SOCKET).lstat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_can_get_at_is_refused(folder: Path) -> None:
    folder.chmod(0o755)
    with pytest.raises(Problem, match="mode 0700"):
        SharedCrew(folder)
    folder.chmod(0o700)
    (folder / "link").symlink_to(folder)
    with pytest.raises(Problem, match="mode 0700"):
        SharedCrew(folder / "link")


def test_a_path_that_is_too_long_for_a_socket_is_refused(folder: Path) -> None:
    with pytest.raises(Problem, match="shorter"):
        private(folder / ("long" * 30))


def test_a_server_ends_when_nobody_asks_and_not_before(folder: Path, scripted: Code) -> None:
    words = [sys.executable, "-m", "desired.renderer_server", str(folder), "0.3"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        crew = SharedCrew(folder)
        ask(crew, scripted)
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(1)
        crew.close()
        assert server.wait(10) == 0
    assert not (folder / SOCKET).exists()


def test_a_server_that_cannot_start_says_why(
    folder: Path, scripted: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('no room here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Problem, match=r"did not start: .*no room here"):
        ask(SharedCrew(folder), scripted)
