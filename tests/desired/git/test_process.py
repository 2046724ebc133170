"""How git is started: one version, one environment, one place."""

from __future__ import annotations

import ast
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from desired import programs
from desired.core.errors import Problem
from desired.git import OLDEST, Clone, GitFailed, GitMissing, run_git
from desired.git.process import environment
from desired.outside.kubectl import run_kubectl
from tests.support.fork import git
from tests.support.repository import ROOT
from tests.support.slow_git import appears

_LONG_SECONDS = 120.0


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with one commit that has a file in a folder."""
    made = tmp_path / "clone"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    for key, value in {"user.name": "Test", "user.email": "test@example.com", "commit.gpgsign": "false"}.items():
        git(made, "config", key, value)
    (made / "releases").mkdir()
    (made / "releases" / "a.yaml").write_text("a: 1\n")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "One")
    return made


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


# The version


@pytest.mark.parametrize("version", ["2.20.1", "1.8.3.1", "2.30.9 (Apple Git-1)", "2.9.0.windows.1"])
def test_a_git_that_is_too_old_is_refused_with_the_version_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    program(tmp_path / "bin", "git", f'echo "git version {version}"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(GitMissing) as refused:
        Clone(tmp_path)
    number = ".".join(version.split(".")[:2])
    assert refused.value.sentences == (f"Git {number} is too old. Install Git 2.31 or newer",)


@pytest.mark.parametrize("version", ["2.31.0", "2.39.5 (Apple Git-154)", "2.45.1.windows.1", "2.50.GIT", "3.0.0-rc1"])
def test_a_git_that_is_new_enough_is_asked_for_its_version_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    program(tmp_path / "bin", "git", f'echo "$*" >> {tmp_path}/asked; echo "git version {version}"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for _ in range(3):
        run_git("status")
    asked = [line.split()[-1] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == ["version", "status", "status", "status"]


def test_a_git_that_does_not_say_its_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "git", "echo hello")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(GitMissing, match="Cannot read the version of `git`, which answered 'hello'"):
        run_git("status")


def test_a_machine_without_git_is_told_which_one_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match=r"Cannot find the command `git`\. Install Git 2\.31 or newer"):
        Clone(tmp_path)


def test_the_git_of_this_machine_is_new_enough() -> None:
    assert OLDEST == (2, 31)
    assert run_git("version").returncode == 0


# The environment

_MISLEADING = {
    "GIT_DIR": "{elsewhere}/.git",
    "GIT_WORK_TREE": "{elsewhere}",
    "GIT_INDEX_FILE": "{elsewhere}/index",
    "GIT_OBJECT_DIRECTORY": "{elsewhere}/objects",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "{elsewhere}/objects",
    "GIT_COMMON_DIR": "{elsewhere}/.git",
    "GIT_NAMESPACE": "other",
    "GIT_PREFIX": "releases/",
    "GIT_LITERAL_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_CONFIG": "{elsewhere}/config",
    "GIT_SHALLOW_FILE": "{elsewhere}/shallow",
    "GIT_GRAFT_FILE": "{elsewhere}/grafts",
    "GIT_REPLACE_REF_BASE": "refs/heads/",
    "GIT_DIFF_OPTS": "--unified=0",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_QUARANTINE_PATH": "{elsewhere}",
    "GIT_REFLOG_ACTION": "other",
    "GIT_PAGER": "false",
}
_KEPT = {
    "GIT_SSH_COMMAND": "ssh -i key",
    "GIT_SSH": "ssh",
    "GIT_ASKPASS": "/bin/askpass",
    "GIT_PROXY_COMMAND": "proxy",
    "GIT_SSL_CAINFO": "/ca.pem",
    "GIT_HTTP_USER_AGENT": "agent",
    "GIT_TRACE": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_CONFIG_GLOBAL": "/config",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CEILING_DIRECTORIES": "/",
    "SSH_AUTH_SOCK": "/agent",
    "HOME": "/home/ada",
}


@pytest.mark.parametrize("name", _MISLEADING)
def test_a_variable_that_names_another_repository_or_changes_answers_is_not_passed_on(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    given = _MISLEADING[name].format(elsewhere=tmp_path / "elsewhere")
    monkeypatch.setenv(name, given)
    assert environment().get(name) != given
    own = Clone(clone)
    try:
        main = own.resolve("main")
        assert main
        assert own.file(main, "releases/a.yaml") == "a: 1\n"
        tree = own.write_tree(main, {"releases/b.yaml": "b: 2\n"})
        assert set(own.tree(tree, "releases")) == {"a.yaml", "b.yaml"}
        assert [change.blobs[0][0] for change in own.changes(None, main, "releases/")] == ["releases/a.yaml"]
    finally:
        own.close()


def test_variables_for_credentials_proxies_and_traces_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _KEPT.items():
        monkeypatch.setenv(name, value)
    given = environment()
    assert {name: given[name] for name in _KEPT} == _KEPT


def test_messages_are_in_english_whatever_the_language_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert environment()["LC_ALL"] == "C"


# The end


def test_a_program_that_takes_too_long_may_clean_up_and_ends_with_what_it_started(tmp_path: Path) -> None:
    text = f'trap "touch {tmp_path}/cleaned; exit" TERM; sh -c "sleep 600" & echo $! > {tmp_path}/child; wait'
    program(tmp_path / "bin", "slow", text)
    for timeout in (1.0, 10.0, 100.0):  # a slow machine needs longer until the program is where it can be ended
        done = programs.run([str(tmp_path / "bin" / "slow")], timeout=timeout)
        assert (done.returncode, done.stderr) == (programs.TIMED_OUT, f"no answer within {timeout:g} s".encode())
        if (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip():
            break
    assert (tmp_path / "cleaned").exists()
    child = int((tmp_path / "child").read_text())
    _gone(child)


def test_a_program_that_does_not_end_by_itself_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_GRACE_SECONDS", 0.2)
    program(tmp_path / "bin", "stubborn", 'trap "" TERM; while :; do sleep 600; done')
    assert programs.run([str(tmp_path / "bin" / "stubborn")], timeout=0.5).returncode == programs.TIMED_OUT


def test_ctrl_c_ends_a_program_in_a_session_of_its_own(tmp_path: Path) -> None:
    program(tmp_path / "bin", "slow", f"echo $$ > {tmp_path}/pid; touch {tmp_path}/started; exec sleep 600")

    waiter = threading.get_ident()

    def interrupt() -> None:
        appears(tmp_path / "started")
        while "communicate" not in _functions(waiter):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            programs.run([str(tmp_path / "bin" / "slow")], timeout=600.0)
    finally:
        signal.signal(signal.SIGINT, before)
    _gone(int((tmp_path / "pid").read_text()))


def _functions(thread: int) -> set[str]:
    """The functions that a thread is in."""
    frame, found = sys._current_frames().get(thread), set[str]()
    while frame:
        found.add(frame.f_code.co_name)
        frame = frame.f_back
    return found


def _gone(process: int) -> None:
    end = time.monotonic() + _LONG_SECONDS
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < end, f"{process} still runs"
        time.sleep(0.02)


def test_a_command_of_git_that_fails_is_an_error_with_its_words(clone: Path) -> None:
    with pytest.raises(GitFailed, match=r"Cannot read .*clone: it is not a commit of this clone"):
        Clone(clone).files("no-such-commit", "releases")


def test_a_folder_that_is_no_repository_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match=r"Cannot use .* as a Git repository: fatal: not a git repository"):
        Clone(tmp_path)


# One place

_STARTERS = {"git": "desired/git/process.py", "kubectl": "desired/outside/kubectl.py"}


def _starts(file: Path) -> set[str]:
    """Programs whose name begins a list or tuple of strings in a file: a command line."""
    lists = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.List | ast.Tuple)]
    firsts = [node.elts[0] for node in lists if len(node.elts) > 1]
    return {str(each.value) for each in firsts if isinstance(each, ast.Constant) and each.value in _STARTERS}


@pytest.mark.parametrize("package", ["desired", "constructs_lib", "envs", "benchmarks", "stacks"])
def test_git_and_kubectl_are_each_started_in_one_place(package: str) -> None:
    found = {
        (program, str(file.relative_to(ROOT))) for file in (ROOT / package).rglob("*.py") for program in _starts(file)
    }
    assert found == (set(_STARTERS.items()) if package == "desired" else set())


def test_kubectl_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "kubectl", "sleep 600")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert run_kubectl("get", timeout=0.5).returncode == programs.TIMED_OUT
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="Install it"):
        run_kubectl("get", timeout=0.5)


def test_no_source_names_the_folder_proc() -> None:
    """macOS has none."""
    found = [
        str(file.relative_to(ROOT))
        for package in ("desired", "constructs_lib", "envs", "stacks")
        for file in (ROOT / package).rglob("*.py")
        if re.search(r"""["']/proc""", file.read_text())
    ]
    assert found == []
