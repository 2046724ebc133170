"""The command, on a small repository: from a commit and a work tree to what happens."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from constructs_lib.values import Problem
from desired.cli.work_tree import wants_colours
from desired.diff.work_tree import Base
from desired.git import Clone
from tests.support.repository import Repository


def diff(repo: Repository, *words: str) -> CompletedProcess[str]:
    return repo.run("envs", "diff", *words)


def base(root: Path, ref: str) -> Base:
    with closing(Clone(root)) as git:
        return Base(git, ref)


@pytest.fixture
def committed(repo: Repository) -> Repository:
    repo.commit()
    return repo


def test_nothing_changed_is_said_so(committed: Repository) -> None:
    done = diff(committed)
    assert done.stdout.startswith("Nothing changes in any cluster, compared with ")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_change_is_shown_before_and_after_synth_and_nothing_is_written(committed: Repository) -> None:
    manifests = committed.tree()
    committed.replace("apps/greeter.py", '"hello"', '"good day"')
    before = diff(committed)
    assert before.stdout.splitlines() == [
        "first-apps: 1 changed",
        "  apps/greeter-blue",
        "  ~ Deployment greeter-blue: env GREETING hello → good day",
    ]
    assert "run `make synth`" in before.stderr
    assert committed.tree() == manifests
    assert committed.synth().returncode == 0
    after = diff(committed)
    assert after.stdout == before.stdout
    assert "make synth" not in after.stderr


def test_a_retired_service_is_removed_from_its_cluster(committed: Repository) -> None:
    (committed.root / "releases/second/greeter.yaml").unlink()
    clusters = {each["name"]: each["objects"] for each in json.loads(diff(committed, "--json").stdout)["clusters"]}
    assert clusters.keys() == {"first-ops", "first-apps", "second-ops", "second-apps"}
    assert {name for name, objects in clusters.items() if objects} == {"second-apps"}
    assert {each["mark"] for each in clusters["second-apps"]} == {"removed"}
    assert ("Deployment", "greeter-blue") in {(each["kind"], each["name"]) for each in clusters["second-apps"]}


def test_an_environment_that_is_gone_takes_its_clusters_with_it(committed: Repository) -> None:
    (committed.root / "envs/second.py").unlink()
    (committed.root / "releases/second/greeter.yaml").unlink()
    lines = diff(committed).stdout.splitlines()
    assert [line.split(":")[0] for line in lines if not line.startswith(" ") and line] == ["second-apps", "second-ops"]
    assert not [line for line in lines if line.lstrip().startswith(("+", "~"))]


def test_the_base_may_be_any_commit(committed: Repository) -> None:
    committed.git("tag", "start")
    committed.replace("apps/greeter.py", '"hello"', '"hi"')
    assert committed.synth().returncode == 0
    committed.commit()
    assert "env GREETING hello → hi" in diff(committed, "--base", "start").stdout
    assert diff(committed).stdout.startswith("Nothing changes")


def test_the_patch_makes_the_manifests_that_synth_makes(committed: Repository) -> None:
    committed.replace("apps/greeter.py", 'env={"GREETING": "hello"},', 'scale="M", telemetry=False,')
    patch = committed.write("../change.patch", diff(committed, "--format", "patch").stdout)
    committed.git("apply", str(patch))
    applied = committed.tree()
    assert "Nothing changed." in committed.synth().stderr
    assert committed.tree() == applied


def test_a_pull_request_gets_markdown(committed: Repository) -> None:
    committed.replace("apps/greeter.py", '"hello"', '"hi"')
    lines = diff(committed, "--format", "markdown").stdout.splitlines()
    assert "| first-apps | 0 | 1 | 0 |" in lines
    assert "Nothing changes in first-ops, second-ops, second-apps." in lines


def test_what_synth_refuses_is_refused_with_the_same_sentence(committed: Repository) -> None:
    committed.replace("apps/greeter.py", '"hello"', '"hi"}, tier=7, command={"a": "b"')
    done = diff(committed)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[0].startswith("✗ apps/greeter.py")


def test_an_unknown_commit_is_one_sentence_with_the_remedy(committed: Repository) -> None:
    with pytest.raises(Problem) as problem:
        base(committed.root, "no-such-branch")
    assert problem.value.sentences == (
        "the commit 'no-such-branch' is not in this repository. Run `git fetch`, or compare with another one",
    )


@pytest.mark.parametrize("ref", ["--output=x", "HEAD:apps", "", "two words"])
def test_what_cannot_name_a_commit_is_one_sentence_with_the_remedy(committed: Repository, ref: str) -> None:
    with pytest.raises(Problem) as problem:
        base(committed.root, ref)
    assert problem.value.sentences == (
        f"{ref!r} is not the name of a commit, branch or tag. Use one that `git log` shows",
    )


def test_the_command_says_an_unknown_commit_without_a_traceback(committed: Repository) -> None:
    done = diff(committed, "--base", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("✗ the commit 'nowhere' is not in this repository. Run `git fetch`")


def test_a_shallow_clone_is_told_to_fetch_the_rest(committed: Repository, tmp_path: Path) -> None:
    first = committed.git("rev-parse", "HEAD")
    committed.write("note.txt", "second commit")
    committed.commit()
    committed.git("clone", "-q", "--depth", "1", committed.root.as_uri(), str(tmp_path / "shallow"))
    with pytest.raises(Problem, match=r"is not in this clone, which is shallow\. Run `git fetch --unshallow`"):
        base(tmp_path / "shallow", first)


def test_a_folder_without_git_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(Problem, match=r"as a Git repository: .*. Run this in a clone of the platform repository"):
        base(tmp_path, "HEAD")


def test_a_base_without_manifests_has_none(tmp_path: Path) -> None:
    repo = Repository(tmp_path, tmp_path / "cache")
    repo.write("README.md", "no manifests yet")
    without = base(tmp_path, repo.commit())
    assert without.digests() == {}
    assert without.text("a/b.yaml") is None


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        pytest.param(_Terminal(), {}, True, id="terminal"),
        pytest.param(_Terminal(), {"NO_COLOR": "1"}, False, id="asked-for-none"),
        pytest.param(_Terminal(), {"NO_COLOR": ""}, True, id="asked-for-nothing"),
        pytest.param(_Terminal(), {"TERM": "dumb"}, False, id="dumb-terminal"),
        pytest.param(io.StringIO(), {}, False, id="file"),
    ],
)
def test_colours_are_for_terminals(stream: io.StringIO, environment: dict[str, str], wanted: bool) -> None:
    assert wants_colours(stream, environment) is wanted
