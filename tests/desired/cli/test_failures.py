"""How commands fail: sentences, JSON, and exit codes for scripts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

import pytest

from desired.cli.failures import reports_failures, status_of
from desired.core.errors import Conflict, Problem, Refused, Unreachable
from tests.support.command_line import Desired
from tests.support.fork import Fork, image


class Rejected(Unreachable):
    """A failure with a name of its own."""


def failing(error: BaseException) -> Callable[..., None]:
    @reports_failures
    def command(json: bool = False) -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (Problem("the first", "the second"), 1, "✗ the first\n✗ the second\n"),
        (Refused("not now"), 3, "✗ not now\n"),
        (Conflict("not any more"), 4, "✗ not any more\n"),
        (Unreachable("no answer"), 5, "✗ no answer\n"),
        (Rejected("no answer"), 5, "✗ no answer\n"),
        (
            PermissionError(13, "Permission denied", "releases/x"),
            1,
            "✗ Cannot use releases/x: Permission denied. Fix that, then run the command again\n",
        ),
        (
            sqlite3.OperationalError("disk I/O error"),
            1,
            "✗ Cannot use the cache: disk I/O error. Run the command again with DESIRED_CACHE=off\n",
        ),
        (
            KeyboardInterrupt(),
            130,
            "Stopped. An operation is done as a whole or not at all: see `desired history`\n",
        ),
    ],
)
def test_a_failure_becomes_a_sentence_and_an_exit_code(
    error: BaseException, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        failing(error)()
    assert end.value.code == code
    assert capsys.readouterr().err == sentence


def test_a_closed_pipe_is_left_to_typer_which_ends_quietly() -> None:
    with pytest.raises(BrokenPipeError):
        failing(BrokenPipeError(32, "Broken pipe"))()


def test_a_failure_with_json_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        failing(Refused("not now"))(json=True)
    assert json.loads(capsys.readouterr().out) == {"status": "refused", "problems": ["not now"]}


def test_the_status_of_a_failure_is_that_of_its_nearest_kind() -> None:
    kinds = (Problem(""), Refused(""), Conflict(""), Unreachable(""), Rejected(""))
    assert [status_of(each) for each in kinds] == ["problem", "refused", "conflict", "unreachable", "unreachable"]


def test_a_conflict_says_who_was_first(desired: Desired, fork: Fork) -> None:
    looked_at = fork.tip("main")
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    words = ("deploy", "search=abcdef2", "--image", image("search", 3), "--expected", looked_at)
    result = desired(*words, code=4)
    assert "releases/staging/search.yaml has changed since" in result.output
    assert "Test, 20" in result.output
    assert "search abcdef1: deploy in staging" in result.output
    assert desired.json(*words, code=4)["status"] == "conflict"


def test_retire_with_expected_meets_a_conflict_too(desired: Desired, fork: Fork) -> None:
    looked_at = fork.tip("main")
    desired("deploy", "billing=abcdef1", "-e", "preprod", "--image", image("billing", 2))
    words = ("retire", "billing", "--unobserved", "-m", "no service calls it", "--expected", looked_at)
    assert "releases/preprod/billing.yaml has changed since" in desired(*words, code=4).stderr


def test_a_refusal_has_an_exit_code_of_its_own(reading: Desired) -> None:
    words = ("canary", "search", "40", "-e", "staging")
    assert "it is in no rollout. Deploy a version with --canary first" in reading(*words, code=3).stderr
    assert "nothing is promoted to it. Deploy there" in reading("promote", "preprod", "staging", code=3).stderr


def test_a_remote_that_does_not_answer_has_an_exit_code_of_its_own(desired: Desired, fork: Fork) -> None:
    desired("status")
    fork.remote.rename(fork.folder / "gone.git")
    assert "origin" in desired("status", code=5).stderr


def test_a_rollback_does_not_look_at_the_kubeconfig(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--canary", "--image", image("search", 2))
    desired("--kubeconfig", "nowhere", "rollback", "search")
