"""The command line, as people and scripts use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from desired.cli.app import app
from tests.support.fork import Fork, git, image
from tests.support.people import Developer
from tests.support.repository import ROOT

Desired = Callable[..., Result]


@pytest.fixture
def desired(fork: Fork) -> Desired:
    """Runs the command line in a clone of a fork."""
    clone = fork.clone("clone")

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["-C", str(clone), *words])
        assert result.exit_code == code, result.output + str(result.exception)
        return result

    return run


def read(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_version_enters_as_a_canary_and_is_rolled_back(desired: Desired, fork: Fork) -> None:
    said = desired("deploy", "search=abcdef1", "--canary", "--image", image("search", 2)).stdout
    assert said.startswith("✓ search abcdef1: deploy as a canary in staging: is live with")
    assert "✓ search: 40 % in staging" in desired("canary", "search", "40").output
    assert "✓ search: rollback in staging" in desired("rollback", "search", "--reason", "errors on /pay").output
    (newest, *_) = read(desired("history", "search", "--json"))
    assert (newest["verb"], newest["reason"], newest["actor"]) == ("rollback", "errors on /pay", "Test")
    assert fork.tip("main") == fork.tip("live") == newest["id"]


def test_the_environment_is_named_where_several_could_be_meant(desired: Desired) -> None:
    for environment in ("staging", "preprod"):
        desired("deploy", "search", "-e", environment, "--canary", "--image", image("search", 2))
    result = desired("rollback", "search", code=1)
    assert "✗ rollback search: staging, preprod could be meant; name the environment with -e" in result.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("canary", "search", "40", "-e", "staging"), 3, "it is in no rollout; deploy a version with --canary first"),
        (("canary", "search", "140", "-e", "staging"), 1, "share"),
        (("deploy", "nobody", "--image", image("search", 1)), 1, "apps/ has no 'nobody'; there are"),
        (("deploy", "search"), 1, "which version of search? Say search=COMMIT"),
        (("deploy", "search", "--image", "search:latest"), 1, "image"),
        (("deploy", "search", "-e", "moon", "--image", image("search", 1)), 1, "there is no environment 'moon'"),
        (("promote", "staging", "preprod", "--at", "nothing"), 1, "there is no commit 'nothing' here"),
        (("promote", "staging", "preprod", "--at", "--upload-pack=x"), 1, "is not the name of a commit"),
        (("promote", "preprod", "staging"), 3, "nothing is promoted to it; deploy there"),
        (("platform", "../v1", "-e", "preprod"), 1, "is not the name of a commit"),
        (("hold", "search", "-e", "staging", "-m", "short"), 1, "because"),
        (("undo", "HEAD", "-e", "staging"), 3, "changed nothing in staging"),
        (("status", "nobody"), 1, "nobody runs in none of"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_with_a_code(
    desired: Desired, fork: Fork, words: tuple[str, ...], code: int, said: str
) -> None:
    before = fork.tip("main")
    result = desired(*words, code=code)
    assert "✗ " in result.stderr
    assert said in result.output
    assert "Traceback" not in result.output
    assert fork.tip("main") == before


def test_a_conflict_has_a_code_of_its_own_and_says_who_was_first(desired: Desired, fork: Fork) -> None:
    looked_at = fork.tip("main")
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    words = ("deploy", "search=abcdef2", "--image", image("search", 3), "--expected", looked_at)
    result = desired(*words, code=4)
    assert "releases/staging/search.yaml has changed since" in result.output
    assert "Test, 20" in result.output
    assert "search abcdef1: deploy in staging" in result.output
    assert json.loads(desired(*words, "--json", code=4).stdout)["status"] == "conflict"


def test_a_remote_that_is_away_has_a_code_of_its_own(desired: Desired, fork: Fork) -> None:
    desired("status")
    fork.remote.rename(fork.folder / "gone.git")
    assert "Cannot fetch from the remote origin" in desired("status", code=5).output


def test_a_dry_run_shows_what_would_change_and_does_nothing(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    said = desired("deploy", "search=abcdef1", "--image", image("search", 2), "--dry-run").output
    assert "would change:" in said
    assert "~ releases/staging/search.yaml" in said
    assert "~ manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml" in said
    assert fork.tip("main") == before


def test_the_same_key_acts_once(desired: Desired, fork: Fork) -> None:
    words = ("deploy", "search", "--image", image("search", 2), "--key", "pipeline-7", "--json")
    first, second = read(desired(*words)), read(desired(*words))
    assert (first["status"], second["status"]) == ("live", "repeated")
    assert first["commit"] == second["commit"] == fork.tip("main")


def test_status_shows_what_moves_and_what_is_behind(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    desired("deploy", "ledger=abcdef2", "--canary", "--image", image("ledger", 2))
    desired("canary", "ledger", "40")
    desired("hold", "courier", "-e", "staging", "-m", "the courier is being audited")
    text = desired("status").output
    assert "staging    platform not pinned: follows main  rollout ledger open at 40 %" in text
    assert "→ abcdef2 40 %" in text
    found = read(desired("status", "--json"))["services"]
    by_name = {(each["environment"], each["service"]): each for each in found}
    assert by_name["preprod", "search"]["behind"] == ["staging"]
    assert by_name["staging", "search"]["version"] == "abcdef1"
    assert by_name["staging", "ledger"]["candidate_ready"] is None
    assert by_name["staging", "courier"]["held"].endswith("the courier is being audited")
    assert [each["service"] for each in read(desired("status", "search", "--json"))["services"]] == ["search"] * 2


def test_two_environments_and_two_commits_are_compared(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    assert desired("diff", "staging", "preprod").stdout.startswith("staging and preprod have the same versions")
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    for words in (("staging", "preprod"), (before, fork.tip("main"), "-e", "staging")):
        (row,) = read(desired("diff", *words, "--json"))
        assert row["service"] == "search"


def test_a_service_is_retired_everywhere_and_comes_back(desired: Desired, fork: Fork) -> None:
    assert "billing depend on it; deploy versions without it first" in desired("retire", "basket", code=3).output
    plan = read(desired("retire", "billing", "--dry-run", "--json"))
    assert [each["environment"] for each in plan] == ["preprod", "staging"]
    assert all(each["deleted"] for each in plan)
    result = desired("retire", "billing", "--unobserved", "-m", "nobody calls it any more", "-y")
    assert result.output.count("✓ billing: retire in") == 2
    listed = git(fork.remote, "ls-tree", "-r", "--name-only", "live", "releases", "manifests")
    assert "billing" not in listed
    assert "nothing to retire" in desired("retire", "billing", code=3).output
    for environment in ("staging", "preprod"):
        desired("restore", "billing", "-e", environment)
    assert git(fork.remote, "ls-tree", "-r", "--name-only", "live", "releases", "manifests").count("billing") > 10
    assert "✓ the log is whole: 4 commits" in desired("verify").output


def test_completion_knows_environments_and_services(fork: Fork) -> None:
    words = {"COMP_WORDS": "desired deploy --environment st", "COMP_CWORD": "3", "_DESIRED_COMPLETE": "complete_bash"}
    command = [sys.executable, "-c", "import sys; sys.argv[0] = 'desired'; from desired.cli import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **words}
    done = subprocess.run(
        command, cwd=fork.clone("clone"), env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["staging"], done.stderr
    environment |= {"COMP_WORDS": "desired canary se", "COMP_CWORD": "2"}
    done = subprocess.run(
        command, cwd=fork.clone("clone"), env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["search"], done.stderr


def test_what_only_looks_starts_no_node(
    desired: Desired, fork: Fork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JSII_NODE", str(tmp_path / "there-is-none"))
    developer = Developer(fork)
    text = developer.read("apps/search.py")
    developer.push("search: not published yet", {"apps/search.py": text.replace('"team-a"', '"team-b"')})
    for words in (("status",), ("history",), ("diff", "staging", "preprod"), ("show", "HEAD")):
        desired(*words)
    assert "staging-apps stays with the code of" in desired("publish").output, "here node would be needed"


def test_new_makes_a_repository_that_is_ready_for_synth(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    words = ["new", str(folder), "--service", "greeter", "-e", "qa", "-e", "live-eu"]
    assert CliRunner().invoke(app, words).exit_code == 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "envs"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {each.name for each in (folder / "manifests").iterdir()} == {
        "qa-apps", "qa-ops", "live-eu-apps", "live-eu-ops",
    }  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert "is there already and not empty" in result.output


@pytest.mark.parametrize(
    "words", [("--service", "Bad_Name"), ("-e", "../x"), ("-e", "a", "-e", "a"), ("--domain", "x y")]
)
def test_new_refuses_names_that_are_none_and_leaves_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["new", str(tmp_path / "fleet"), *words])
    assert result.exit_code == 1
    assert "✗ " in result.stderr
    assert not (tmp_path / "fleet").exists()
