"""A pinned cluster is rendered with the code and the tools of its commit, whatever head says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.repository import Repository

DEPLOYMENT = "apps/greeter-blue/deployment-greeter-blue.yaml"


def pin(repo: Repository, commit: str, tag: str = "v12") -> None:
    repo.write("releases/second/platform.yaml", f'schema: 1\ncommit: "{commit}"\ntag: "{tag}"\n')


def refused(repo: Repository) -> str:
    before = repo.tree()
    done = repo.synth()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert repo.tree() == before
    return done.stderr


@pytest.fixture
def pinned(repo: Repository) -> Repository:
    """The second environment is pinned to a commit that holds its own library."""
    repo.own_library()
    commit = repo.commit()
    pin(repo, commit)
    repo.commit()
    return repo


def test_a_change_of_the_library_does_not_reach_a_pinned_cluster(pinned: Repository) -> None:
    before = pinned.tree()
    pinned.replace("constructs_lib/parts/pod.py", '"128Mi"', '"99Mi"')
    pinned.replace("envs/second.py", '"50m"', '"70m"')
    done = pinned.synth()
    assert done.returncode == 0, done.stderr
    after = pinned.tree()
    assert "99Mi" in after[f"first-apps/{DEPLOYMENT}"]
    assert after[f"second-apps/{DEPLOYMENT}"] == before[f"second-apps/{DEPLOYMENT}"]
    assert "99Mi" in after["second-ops/apps/probe-blue/deployment-probe-blue.yaml"], "ops is rendered by head"
    assert "rendered by second's platform v12" in done.stderr


def test_a_release_reaches_a_pinned_cluster(pinned: Repository) -> None:
    pinned.replace("releases/second/greeter.yaml", "2222", "7777")
    assert pinned.synth().returncode == 0
    assert "7777" in pinned.tree()[f"second-apps/{DEPLOYMENT}"]


def test_when_nothing_changed_no_renderer_is_started_for_the_pin(pinned: Repository) -> None:
    assert pinned.synth().returncode == 0
    for code in (pinned.cache / "code").iterdir():
        (code / "envs" / "render.py").write_text("raise SystemExit('started')\n")
    assert pinned.synth().returncode == 0
    assert "started" in pinned.synth(DESIRED_CACHE="off").stderr


def test_the_rules_of_the_pin_judge_the_pinned_cluster(pinned: Repository) -> None:
    findings = "        of_units = [finding for each in facts.values() for finding in each.findings]\n"
    always = '        return [Finding("new-rule", "all", self._environment.name)]\n'
    pinned.replace("constructs_lib/rules/check.py", findings, f"{always}{findings}")
    said = refused(pinned)
    assert "first-apps: first [new-rule]" in said
    assert "second-ops: second [new-rule]" in said
    assert "second-apps" not in said


def test_a_field_that_the_pinned_code_does_not_know_names_the_remedy(pinned: Repository) -> None:
    pinned.replace("releases/second/greeter.yaml", "      owner:", "      zest: 1\n      owner:")
    assert "second's platform v12 does not know `zest`. Move the platform first" in refused(pinned)


def test_a_release_of_a_newer_schema_is_a_sentence(pinned: Repository) -> None:
    pinned.replace("releases/second/greeter.yaml", "schema: 1\nstable", "schema: 2\nstable")
    assert "schema" in refused(pinned)


def test_a_commit_that_is_not_there_is_a_sentence(pinned: Repository) -> None:
    pin(pinned, "0" * 40)
    assert "is not in this repository. Run `git fetch`" in refused(pinned)


def test_a_pin_that_is_no_commit_is_a_sentence(pinned: Repository) -> None:
    pin(pinned, "v12")
    assert "releases/second/platform.yaml: commit must" in refused(pinned)


def test_a_shallow_clone_names_the_remedy(pinned: Repository, tmp_path: Path) -> None:
    url = f"file://{pinned.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", url, str(tmp_path / "shallow")], check=True)
    shallow = Repository(tmp_path / "shallow", tmp_path / "other-cache")
    assert "Run `git fetch --unshallow`" in refused(shallow)


def test_code_that_breaks_is_a_sentence(repo: Repository) -> None:
    repo.own_library()
    good = (repo.root / "envs/render.py").read_text()
    repo.write("envs/render.py", "raise SystemExit('out of order')\n")
    pin(repo, repo.commit())
    repo.write("envs/render.py", good)
    said = refused(repo)
    assert "the renderer with the code of second's platform v12 ended with 1: out of order" in said


def test_a_commit_of_another_lock_gets_an_environment_of_its_own(repo: Repository) -> None:
    repo.own_library()
    lock = (repo.root / "locks/synth.txt").read_text()
    repo.write("locks/synth.txt", f"# another one\n{lock}")
    pin(repo, repo.commit())
    done = repo.synth()
    assert done.returncode == 0, done.stderr
    assert "creating a virtual environment from its lock file" in done.stderr
    (made,) = (repo.cache / "venvs").iterdir()
    assert (made / "desired.lock").is_file()
    assert "virtual environment" not in repo.synth(DESIRED_CACHE="off").stderr
