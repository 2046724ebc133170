"""Renderer processes that are killed, that break off, or that refuse: what becomes of the question."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.values import Problem
from desired.render.pool import _UNITS_PER_PROCESS, Job, RendererDied, RendererPool, RendererProcess, _variables
from desired.render.source import Code

# A renderer that does as its request says. `deaths` is a file that counts how often one has still to die.
_RENDERER = """
import json, os, signal, sys
from pathlib import Path

deaths = Path(__file__).parent.parent / "deaths"
started = Path(__file__).parent.parent / "started"
started.write_text(started.read_text() + "x" if started.is_file() else "x")

def dies(request):
    left = int(deaths.read_text()) if deaths.is_file() else 0
    deaths.write_text(str(max(0, left - 1)))
    return left > 0

for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "start":
        if deaths.is_file() and "start" in deaths.read_text():
            deaths.unlink()
            sys.exit("no node")
        print(json.dumps({"done": True}), flush=True)
        continue
    if request["do"] == "refuse":
        print(json.dumps({"problems": ["no", "never"]}), flush=True)
        continue
    how = request.get("how", "killed") if dies(request) else ""
    for number, unit in enumerate(request.get("units", ["all"])):
        if how and number == request.get("after", 0):
            if how == "half":
                sys.stdout.write('{"unit": "' + unit)
                sys.stdout.flush()
            if how == "leaves":
                sys.exit("out of order")
            os.kill(os.getpid(), signal.SIGKILL)
        print(json.dumps({"unit": unit, "files": {}}), flush=True)
    print(json.dumps({"done": True}), flush=True)
"""


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """Code whose renderer dies as often as `deaths` says."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "__init__.py").write_text("")
    (tmp_path / "envs" / "render.py").write_text(_RENDERER)
    return Code(tmp_path, Path(sys.executable), "the commit abc")


@pytest.fixture
def pool() -> Iterator[RendererPool]:
    made = RendererPool(size=2)
    yield made
    made.close()


def dying(code: Code, times: int) -> None:
    (code.folder / "deaths").write_text(str(times))


def started(code: Code) -> int:
    return len((code.folder / "started").read_text())


HOWS = ("killed", "half", "leaves")


@pytest.mark.parametrize("how", HOWS)
def test_a_question_over_which_one_renderer_dies_is_answered_by_the_next(
    code: Code, pool: RendererPool, how: str
) -> None:
    dying(code, 1)
    answers = pool.ask(code, "plan", {"cluster": "a"}, how=how, units=["one", "two"], after=1)
    assert [each["unit"] for each in answers] == ["one", "two"], "what the first one said does not count"
    assert started(code) == 2


@pytest.mark.parametrize("how", HOWS)
def test_a_question_over_which_two_renderers_die_is_asked_no_third_time(
    code: Code, pool: RendererPool, how: str
) -> None:
    dying(code, 2)
    with pytest.raises(RendererDied) as death:
        pool.ask(code, "plan", {"cluster": "a"}, how=how)
    (sentence,) = death.value.sentences
    assert sentence.startswith("a: the renderer with the code of the commit abc ended with ")
    assert started(code) == 2
    assert pool.ask(code, "plan", {"cluster": "a"}), "the pool is of use afterwards"


def test_what_a_renderer_printed_before_it_ended_is_said(code: Code, pool: RendererPool) -> None:
    dying(code, 2)
    with pytest.raises(RendererDied, match=r"ended with 1: out of order\. Fix that code, or move the platform's pin"):
        pool.ask(code, "plan", {}, how="leaves")


def test_a_renderer_that_is_killed_while_nobody_asks_is_replaced(code: Code, pool: RendererPool) -> None:
    pool.ask(code, "plan", {})
    (idle,) = pool._idle
    idle._process.kill()
    idle._process.wait()
    assert pool.ask(code, "plan", {}) == [{"unit": "all", "files": {}}]
    assert started(code) == 2


def test_a_refusal_is_no_death_and_the_renderer_is_kept(code: Code, pool: RendererPool) -> None:
    for _ in range(2):
        with pytest.raises(Problem) as refusal:
            pool.ask(code, "refuse", {})
        assert not isinstance(refusal.value, RendererDied)
        assert refusal.value.sentences == ("no", "never")
    assert started(code) == 1


def test_codes_do_not_share_a_renderer(code: Code, pool: RendererPool) -> None:
    other = Code(code.folder, code.python, "another commit")
    pool.ask(code, "plan", {})
    pool.ask(other, "plan", {})
    assert started(code) == 2


def rendered(pool: RendererPool, jobs: list[Job]) -> list[str]:
    found: list[str] = []

    def take(job: Job, answer: dict[str, Any]) -> None:
        assert answer["unit"] in job.units
        found.append(answer["unit"])

    pool.render(jobs, take)
    return found


def job(code: Code, *units: str, **request: Any) -> Job:
    return Job(code, {"cluster": "a", **request}, dict.fromkeys(units, "key"))


@pytest.mark.parametrize("how", HOWS)
def test_units_that_a_dead_renderer_left_over_are_rendered_by_the_next_each_once(code: Code, how: str) -> None:
    pool = RendererPool(size=1)
    dying(code, 1)
    assert rendered(pool, [job(code, "one", "two", "three", how=how, after=1), job(code, "four")]) == [
        "one", "two", "three", "four",
    ]  # fmt: skip
    pool.close()


def test_when_two_die_over_a_job_the_jobs_that_wait_are_not_begun(code: Code) -> None:
    pool = RendererPool(size=1)
    dying(code, 99)
    with pytest.raises(RendererDied):
        rendered(pool, [job(code, name) for name in ("one", "two", "three")])
    assert started(code) == 2
    pool.close()


def test_what_a_renderer_refuses_leaves_the_other_jobs_alone(code: Code, pool: RendererPool) -> None:
    broken = Code(code.folder / "none", code.python, "nowhere")
    with pytest.raises(FileNotFoundError):
        RendererProcess(broken)
    with pytest.raises(FileNotFoundError):
        rendered(pool, [job(broken, "one")])


def test_renderers_that_were_started_before_there_were_jobs_do_them(code: Code, pool: RendererPool) -> None:
    pool.start(code)
    before = {id(each) for each in pool._idle}
    assert len(before) == pool.size
    assert sorted(rendered(pool, [job(code, "a"), job(code, "b")])) == ["a", "b"]
    assert {id(each) for each in pool._idle} == before


def test_a_renderer_that_dies_while_it_starts_is_replaced(code: Code, pool: RendererPool) -> None:
    (code.folder / "deaths").write_text("start")
    pool.start(code)
    assert rendered(pool, [job(code, "a"), job(code, "b"), job(code, "c")])


def test_of_many_renderers_those_used_last_are_kept(code: Code, pool: RendererPool) -> None:
    for number in range(7):
        pool.ask(Code(code.folder, code.python, str(number)), "plan", {})
    assert [each.code.name for each in pool._idle] == ["3", "4", "5", "6"]


def test_a_renderer_with_many_objects_behind_it_is_replaced(code: Code, pool: RendererPool) -> None:
    pool.ask(code, "plan", {})
    pool._idle[0].rendered = _UNITS_PER_PROCESS
    pool.ask(code, "plan", {})
    assert pool._idle == []
    pool.ask(code, "plan", {})
    assert started(code) == 2


def test_a_renderer_gets_what_its_tools_need_and_constants(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TOKEN": "x", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "NODE_OPTIONS": "y"}.items():
        monkeypatch.setenv(name, value)
    found = _variables(code)
    assert "TOKEN" not in found
    assert found["PATH"]
    # In UTC also where the machine's own time is another one.
    assert (found["TZ"], found["PYTHONHASHSEED"], found["NODE_OPTIONS"]) == ("UTC", "0", "y")
