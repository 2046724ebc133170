"""Operations from the command line: what they do, and what they print."""

from __future__ import annotations

from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image


def test_deploy_canary_and_rollback_print_what_they_did_and_where_it_is_live(desired: Desired, fork: Fork) -> None:
    deployed = desired("deploy", "search=abcdef1", "--canary", "--image", image("search", 2)).stdout
    assert deployed.startswith("✓ search abcdef1: deploy as a canary in staging. Live at ")
    assert "✓ search: 40 % in staging. Live at" in desired("canary", "search", "40").output
    assert "✓ search: rollback in staging" in desired("rollback", "search", "--reason", "errors on /pay").output
    (newest, *_) = desired.json("history", "search")
    assert (newest["verb"], newest["reason"], newest["actor"]) == ("rollback", "errors on /pay", "Test")
    assert fork.tip("main") == fork.tip("live") == newest["id"]


def test_finalize_and_close_end_a_rollout(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--canary", "--image", image("search", 2))
    desired("canary", "search", "100")
    desired("finalize", "search")
    assert "abcdef1" in desired("status", "search").output
    assert "finalized, not closed" in desired("status", "search").output
    desired("close", "search")
    assert desired.json("status")["environments"][0]["rollouts"] == {}


def test_rollback_with_to_brings_back_the_versions_of_a_commit(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    desired("rollback", "search", "-e", "staging", "--to", before)
    (entry, *_) = desired.json("status", "search", "-e", "staging")["services"]
    assert entry["image"] == image("search", 1)


def test_a_promotion_enters_the_next_environment_as_a_rollout(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--image", image("search", 2), "--ref", "main")
    desired("promote", "staging", "preprod")
    (_, preprod, *_) = desired.json("status")["environments"]
    assert preprod["rollouts"]["from-staging"]["members"] == {"search": "green"}


def test_platform_pins_an_environment_to_a_tag(desired: Desired, fork: Fork) -> None:
    git(fork.remote, "tag", "v1", "main")
    desired("platform", "v1", "-e", "preprod", "--unobserved", "--reason", "no cluster in this test")
    assert "preprod  platform v1" in desired("status").output


def test_hold_stops_changes_until_unhold(desired: Desired) -> None:
    desired("hold", "search", "-e", "staging", "--until", "2h", "-m", "an audit is running")
    words = ("deploy", "search=abcdef1", "--image", image("search", 2))
    assert "search in staging is held by Test" in desired(*words, code=3).stderr
    desired("unhold", "search")
    desired(*words)


def test_undo_finds_the_environment_that_a_commit_changed(desired: Desired, fork: Fork) -> None:
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    assert "✓ staging: undo " in desired("undo", fork.tip("main")).output
    assert desired.json("diff", "staging", "preprod") == []


def test_a_dry_run_lists_the_files_and_does_nothing(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    output = desired("deploy", "search=abcdef1", "--image", image("search", 2), "--dry-run").output
    assert "Nothing was done. 2 files would change:" in output
    assert "write  releases/staging/search.yaml" in output
    assert "write  manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml" in output
    assert fork.tip("main") == before


def test_the_same_key_acts_once(desired: Desired, fork: Fork) -> None:
    words = ("deploy", "search", "--image", image("search", 2), "--key", "pipeline-7")
    first, second = desired.json(*words), desired.json(*words)
    assert (first["status"], second["status"]) == ("live", "repeated")
    assert first["commit"] == second["commit"] == fork.tip("main")
    assert "Done before, with the same --key" in desired(*words).output


def test_the_json_of_an_operation_has_its_fields(desired: Desired) -> None:
    result = desired.json("deploy", "search", "--image", image("search", 2))
    assert {*result} == {"commit", "status", "title", "notes", "changed"}


def test_publish_with_nothing_new_changes_nothing(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    assert "= live is at main. Nothing was done" in desired("publish").output
    assert fork.tip("main") == before


def test_retire_removes_a_service_everywhere_and_restore_brings_it_back(desired: Desired, fork: Fork) -> None:
    assert "billing depends on it. Deploy versions without it first" in desired("retire", "basket", code=3).output
    plan = desired.json("retire", "billing", "--dry-run")
    assert [each["environment"] for each in plan] == ["preprod", "staging"]
    assert all(each["deleted"] for each in plan)
    result = desired("retire", "billing", "--unobserved", "-m", "no service calls it", "-y")
    assert result.output.count("✓ billing: retire in") == 2
    assert "billing" not in _published(fork)
    assert "does not run in any environment. There is nothing to retire" in desired("retire", "billing", code=3).output
    for environment in ("staging", "preprod"):
        desired("restore", "billing", "-e", environment)
    assert _published(fork).count("billing") > 10
    assert "✓ The history is complete and correct: 4 commits" in desired("verify").output


def _published(fork: Fork) -> str:
    return git(fork.remote, "ls-tree", "-r", "--name-only", "live", "releases", "manifests")
