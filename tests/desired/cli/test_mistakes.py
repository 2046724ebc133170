"""Every option and argument of every command, with a bad value: the sentence names it as a person types it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desired.cli.options import OperationOptions
from desired.cli.reference import command_line
from tests.support.command_line import Desired, desired
from tests.support.fork import Fork, image

IMAGE = image("search", 2)
VALID: dict[str, tuple[str, ...]] = {
    "deploy": ("deploy", "search=abcdef1", "--image", IMAGE),
    "canary": ("canary", "search", "40", "-e", "staging"),
    "rollback": ("rollback", "search", "-e", "staging"),
    "finalize": ("finalize", "search", "-e", "staging"),
    "close": ("close", "search", "-e", "staging"),
    "promote": ("promote", "staging", "preprod"),
    "platform": ("platform", "v1", "-e", "preprod"),
    "hold": ("hold", "search", "-e", "staging", "-m", "an audit is running"),
    "unhold": ("unhold", "search", "-e", "staging"),
    "signers": ("signers", "/dev/null", "-e", "staging"),
    "undo": ("undo", "main", "-e", "staging"),
    "retire": ("retire", "billing", "-e", "preprod"),
    "restore": ("restore", "search", "-e", "staging", "--at", "main"),
}
"""One command line for each operation, in which only the bad value is wrong."""
SHARED = {
    "reason": (("--reason", "x" * 501), "--reason must be one line of at most 500 characters"),
    "expected": (("--expected", "nothing"), "--expected: there is no commit 'nothing' here"),
    "key": (("--key", "a b"), "--key must be letters, digits and . _ : -, at most 100 characters, got 'a b"),
    "unobserved": (("--unobserved", "--reason", ""), "--unobserved needs --reason: say why the cluster is not checked"),
}
"""Bad values of the options that every operation has."""
HELD = {
    "reason": (("--reason", "x" * 501), "--reason must be one line of 10 to 500 characters that says why, got 'xxx"),
    "unobserved": (("--unobserved", "--reason", ""), "hold needs --reason (10 to 500 characters)"),
}
"""The same for hold, which always needs a reason."""
ENVIRONMENT = "--environment must be staging, preprod or prod, got 'moon'"
WHOLE = "Invalid value for 'SHARE': it must be a whole number, got 'many'"
COUNT = "Invalid value for '-n': it must be 1 to 10000, got 0"
ACTOR = "--actor must be a name and an address: 'Ada <ada@example.com>', got 'Ada'"
NAME = "must be a name: lower-case letters, digits and '-', at most 63, beginning with a letter, got 'Bad_Name'"
COMMIT = "there is no commit 'nothing' here. Push or fetch it, or name another one"
OWN: list[tuple[str, str, tuple[str, ...], str]] = [
    ("status", "service", ("status", "tea"), "SERVICE 'tea' does not run in staging, preprod, prod"),
    ("status", "environment", ("status", "-e", "moon"), ENVIRONMENT),
    ("history", "limit", ("history", "-n", "0"), COUNT),
    ("show", "commit", ("show", "nothing"), f"COMMIT: {COMMIT}"),
    ("diff", "before", ("diff", "nothing", "main", "-e", "staging"), f"BEFORE: {COMMIT}"),
    ("diff", "after", ("diff", "main", "nothing", "-e", "staging"), f"AFTER: {COMMIT}"),
    ("diff", "after", ("diff", "staging", "moon"), "AFTER must be staging, preprod or prod too, got 'moon'"),
    ("diff", "environment", ("diff", "main", "main", "-e", "moon"), ENVIRONMENT),
    ("deploy", "what", ("deploy", "tea=abcdef1"), "SERVICE must be in apps/, got 'tea'. There are basket, billing"),
    ("deploy", "what", ("deploy", "search"), "Which VERSION of search? Give search=COMMIT, or --image"),
    (
        "deploy",
        "what",
        ("deploy", "search=latest", "--image", IMAGE),
        "the VERSION of search must be the id of a",
    ),
    ("deploy", "what", ("deploy", "search", "search"), "SERVICE must be named once, got 'search' twice"),
    ("deploy", "environment", ("deploy", "search", "-e", "moon", "--image", IMAGE), ENVIRONMENT),
    ("deploy", "image", ("deploy", "search", "--image", "search:latest"), "--image must be an image by digest"),
    ("deploy", "image", (*VALID["deploy"], "--image", IMAGE), "Give one --image for each SERVICE, got 2 for 1"),
    ("deploy", "ref", (*VALID["deploy"], "--ref", "x" * 501), "--ref must be one line of at most 500 characters"),
    ("deploy", "ref", ("deploy", "search=abcdef1", "--ref", "main"), "--ref needs --image"),
    ("deploy", "spec_at", (*VALID["deploy"], "--spec-at", "nothing"), f"--spec-at: {COMMIT}"),
    ("deploy", "name", (*VALID["deploy"], "--canary", "--name", "Bad_Name"), f"--name {NAME}"),
    ("deploy", "name", (*VALID["deploy"], "--name", "tea"), "--name needs --canary"),
    ("deploy", "first", (*VALID["deploy"], "--canary", "--first", "Bad_Name"), f"--first {NAME}"),
    ("deploy", "first", (*VALID["deploy"], "--canary", "--first", "tea"), "--first names tea"),
    ("deploy", "first", (*VALID["deploy"], "--first", "search"), "--first needs --canary"),
    ("canary", "service", ("canary", "Bad_Name", "40", "-e", "staging"), f"SERVICE {NAME}"),
    ("canary", "share", ("canary", "search", "140", "-e", "staging"), "SHARE must be 0 to 100, got 140"),
    ("canary", "share", ("canary", "search", "-e", "staging", "--", "-1"), "SHARE must be 0 to 100, got -1"),
    (
        "canary",
        "share",
        ("canary", "search", "many", "-e", "staging"),
        WHOLE,
    ),
    ("canary", "environment", ("canary", "search", "40", "-e", "moon"), ENVIRONMENT),
    ("rollback", "service", ("rollback", "Bad_Name", "-e", "staging"), f"SERVICE {NAME}"),
    ("rollback", "service", ("rollback", "-e", "staging"), "rollback needs one SERVICE of a rollout, or --to"),
    ("rollback", "service", ("rollback", "Bad_Name", "-e", "staging", "--to", "main"), f"SERVICE {NAME}"),
    ("rollback", "environment", ("rollback", "search", "-e", "moon"), ENVIRONMENT),
    ("rollback", "to", ("rollback", "-e", "staging", "--to", "nothing"), f"--to: {COMMIT}"),
    ("finalize", "service", ("finalize", "Bad_Name", "-e", "staging"), f"SERVICE {NAME}"),
    ("finalize", "environment", ("finalize", "search", "-e", "moon"), ENVIRONMENT),
    ("close", "service", ("close", "Bad_Name", "-e", "staging"), f"SERVICE {NAME}"),
    ("close", "environment", ("close", "search", "-e", "moon"), ENVIRONMENT),
    ("promote", "source", ("promote", "Bad_Name", "preprod"), f"SOURCE {NAME}"),
    ("promote", "target", ("promote", "staging", "moon"), "TARGET must be staging, preprod or prod, got 'moon'"),
    ("promote", "at", (*VALID["promote"], "--at", "nothing"), f"--at: {COMMIT}"),
    (
        "promote",
        "at",
        (*VALID["promote"], "--at", "--upload-pack=x"),
        "--at must be the name of a commit, got '--up",
    ),
    ("promote", "without", (*VALID["promote"], "--without", "Bad_Name"), f"--without {NAME}"),
    ("promote", "name", (*VALID["promote"], "--name", "Bad_Name"), f"--name {NAME}"),
    ("platform", "tag", ("platform", "v9", "-e", "preprod"), "TAG: there is no tag 'v9' here"),
    ("platform", "tag", ("platform", "../v1", "-e", "preprod"), "TAG must be the name of a tag, got '../v1'"),
    ("platform", "environment", ("platform", "v1", "-e", "moon"), ENVIRONMENT),
    ("hold", "service", ("hold", "Bad_Name", "-e", "staging", "-m", "an audit is running"), f"SERVICE {NAME}"),
    ("hold", "environment", ("hold", "search", "-e", "moon"), ENVIRONMENT),
    ("hold", "until", (*VALID["hold"], "--until", "soon"), "--until must be a time in UTC"),
    ("hold", "until", (*VALID["hold"], "--until", ""), "hold needs --until (a time in UTC"),
    ("hold", "reason", ("hold", "search", "-e", "staging"), "hold needs --reason (10 to 500 characters)"),
    ("unhold", "service", ("unhold", "Bad_Name", "-e", "staging"), f"SERVICE {NAME}"),
    ("unhold", "environment", ("unhold", "search", "-e", "moon"), ENVIRONMENT),
    (
        "signers",
        "file",
        ("signers", "nothing", "-e", "staging"),
        "FILE: cannot read nothing: No such file",
    ),
    ("signers", "environment", ("signers", "/dev/null", "-e", "moon"), ENVIRONMENT),
    ("undo", "commit", ("undo", "nothing", "-e", "staging"), f"COMMIT: {COMMIT}"),
    ("undo", "environment", ("undo", "main", "-e", "moon"), ENVIRONMENT),
    ("retire", "service", ("retire", "Bad_Name"), "SERVICE 'Bad_Name' does not run in any environment"),
    ("retire", "environment", ("retire", "billing", "-e", "moon"), ENVIRONMENT),
    ("restore", "service", ("restore", "Bad_Name", "-e", "staging", "--at", "main"), f"SERVICE {NAME}"),
    ("restore", "environment", ("restore", "search", "-e", "moon"), ENVIRONMENT),
    ("restore", "at", ("restore", "search", "-e", "staging", "--at", "nothing"), f"--at: {COMMIT}"),
    ("restore", "at", ("restore", "search", "-e", "staging"), "Name a commit at which it ran with --at"),
]
"""Command, parameter, command line, and what its sentence says."""
_ROWS = [pytest.param(words, says, id=f"{command} {parameter}: {says}") for command, parameter, words, says in OWN]
_ROWS += [
    pytest.param((*words, *bad), says, id=f"{command} {parameter}")
    for command, words in VALID.items()
    for parameter, (bad, says) in {**SHARED, **(HELD if command == "hold" else {})}.items()
]
_FIELD_PATH = re.compile(
    r"\b(operation|intent|environment|services|build)\.[a-z]|\bbecause\b|\bspecs?_at\b|\brecipe\b|\b(Intent|Canary|Deploy|Hold)\b"
)
_SWITCHES = {"canary", "dry_run", "yes", "json", "help", "install_completion", "show_completion", "version"}
"""What has no value that could be bad."""


@pytest.mark.parametrize(("words", "says"), _ROWS)
def test_a_bad_value_is_refused_with_the_name_that_was_typed(
    reading: Desired, unchanged: Fork, words: tuple[str, ...], says: str
) -> None:
    before = unchanged.tip("main")
    result = desired("-C", str(reading.clone), *words)
    assert result.exit_code in (1, 2, 3), result.output
    assert says in result.stderr
    assert not _FIELD_PATH.search(result.stderr)
    assert "Traceback" not in result.output
    assert unchanged.tip("main") == before


def test_the_table_has_every_option_and_argument_of_every_command() -> None:
    there = {(command, parameter) for command, parameter, *_ in OWN}
    there |= {(command, parameter) for command in VALID for parameter in SHARED}
    wanted = {
        (name, parameter.name)
        for name, command in command_line().commands.items()
        for parameter in command.params
        if parameter.name not in _SWITCHES
    }
    # What history does not know, it does not find; test_new.py has the names of a new repository.
    assert {each for each in wanted - there if each[0] != "new"} == {("history", "service"), ("history", "environment")}
    assert {*SHARED} == {each for each in OperationOptions.__dataclass_fields__ if each not in _SWITCHES}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-C", "nowhere", "status"), "-C: there is no folder nowhere"),
        (("--remote", "moon", "status"), "--remote: this clone has no remote 'moon'; it has origin"),
        (("--kubeconfig", "nowhere", "status"), "--kubeconfig: there is no file nowhere"),
        (
            ("--actor", "Ada", *VALID["deploy"]),
            ACTOR,
        ),
        (
            ("--actor", "Ada", *VALID["hold"]),
            ACTOR,
        ),
    ],
)
def test_a_bad_value_before_the_command_is_refused_with_its_name(
    reading: Desired, words: tuple[str, ...], says: str
) -> None:
    assert says in reading(*words, code=1).stderr


def test_the_remote_of_the_environment_is_named_by_its_variable(
    reading: Desired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIRED_REMOTE", "moon")
    assert "DESIRED_REMOTE: this clone has no remote 'moon'" in reading("status", code=1).stderr


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    assert "as a Git repository" in Desired(tmp_path)("status", code=1).stderr
