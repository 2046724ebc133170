"""Operations from the command line: what they do, and what they print."""

from __future__ import annotations

import pytest

from desired.core.errors import Problem
from desired.render.source import Code
from desired.render.source_at_commit import CommitSources
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import Developer


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


UNOBSERVED = ("--unobserved", "--reason", "no cluster in this test")


@pytest.mark.parametrize(
    ("lock", "says"),
    [
        (None, "has no locks/synth.txt, which pins the tools that render it. Make it with `uv pip compile --gen"),
        ("# nothing\n--only-binary :all:\n", "pins no tools in locks/synth.txt. Make it with"),
        ("a==1 \\\n    --hash=sha256:1\nb==2  # c\n", "has no hash for b==2 in locks/synth.txt. Make it with"),
    ],
)
def test_a_platform_whose_code_cannot_be_run_elsewhere_is_refused_before_the_commit(
    desired: Desired, fork: Fork, lock: str | None, says: str
) -> None:
    developer = Developer(fork)
    commit = developer.push("Another lock", {"locks/synth.txt": lock})
    git(fork.remote, "tag", "v1", commit)
    before = fork.tip("main")
    for words in (("--dry-run",), ()):
        stderr = desired("platform", "v1", "-e", "preprod", *UNOBSERVED, *words, code=3).stderr
        assert f"✗ Cannot move the platform of preprod to v1: the commit {commit[:12]} {says}" in stderr
    assert fork.tip("main") == before


def test_a_platform_that_does_not_render_is_refused_before_the_commit(desired: Desired, fork: Fork) -> None:
    path = "constructs_lib/platform/priorities.py"
    developer = Developer(fork)
    text = developer.read(path)
    commit = developer.push(
        "Broken", {path: text.replace("def __init__(", "def __init__(self): 1 / 0\n\n    def other(")}
    )
    git(fork.remote, "tag", "v1", commit)
    stderr = desired("platform", "v1", "-e", "preprod", *UNOBSERVED, code=1).stderr
    assert "Priorities.__init__() takes 1 positional argument" in stderr
    assert fork.tip("main") == commit


@pytest.mark.parametrize("environment", ["preprod", "prod"])
def test_the_first_pin_of_an_environment_can_be_undone(desired: Desired, fork: Fork, environment: str) -> None:
    git(fork.remote, "tag", "v1", "main")
    desired("platform", "v1", "-e", environment, *UNOBSERVED)
    desired("undo", fork.tip("main"))
    platforms = {each["environment"]: each["platform"] for each in desired.json("status")["environments"]}
    assert platforms[environment] is None
    desired("verify")


def test_a_pin_whose_code_can_no_longer_be_run_holds_nothing_else_up_and_can_be_undone(
    desired: Desired, fork: Fork, monkeypatch: pytest.MonkeyPatch
) -> None:
    developer = Developer(fork)
    bad = developer.push("Other words", {"envs/__init__.py": '"""Environments."""\n'})
    git(fork.remote, "tag", "v1", bad)
    desired("platform", "v1", "-e", "preprod", *UNOBSERVED)
    pinned = fork.tip("main")
    text = developer.read("envs/__init__.py")
    developer.push("Better words", {"envs/__init__.py": text.replace("Environments", "Our environments")})
    code = CommitSources.code

    def cannot(own: CommitSources, commit: str, name: str = "") -> Code:
        if commit == bad:
            raise Problem("v1: cannot create its virtual environment")
        return code(own, commit, name)

    monkeypatch.setattr(CommitSources, "code", cannot)
    desired("deploy", "search", "--image", image("search", 2))
    assert "preprod-apps stays with the code of" in desired("publish", code=6).output
    desired("undo", pinned)
    assert desired.json("publish")["unused_code"] == []


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("deploy", "search", "--image", image("search", 3)), "is search 000000000003: deploy in staging"),
        (("deploy", "search", "--image", image("search", 2), "-m", "a reason"), "has another reason"),
        (("deploy", "search", "--image", image("search", 2), "-e", "preprod"), "is search 000000000002: deploy in pre"),
        (("hold", "search", "-e", "staging", "-m", "an audit is running"), "is search: hold in staging"),
    ],
)
def test_a_key_that_is_used_for_another_operation_is_a_conflict(
    desired: Desired, fork: Fork, words: tuple[str, ...], says: str
) -> None:
    desired("deploy", "search", "--image", image("search", 2), "--key", "k1")
    done = fork.tip("main")
    stderr = desired(*words, "--key", "k1", code=4).stderr
    assert f"✗ The key k1 belongs to {done[:12]}, search 000000000002: deploy in staging, done by Test. " in stderr
    assert f"This operation {says}" in stderr
    assert "Give it a --key of its own" in stderr
    assert fork.tip("main") == done
    assert desired.json(*words, "--key", "k1", code=4)["status"] == "conflict"


def test_a_command_with_a_key_is_the_same_after_others_moved_main(desired: Desired, fork: Fork) -> None:
    commands = (
        ("deploy", "search", "--image", image("search", 2), "--ref", "main", "--key", "k1"),
        ("promote", "staging", "preprod", "--key", "k2"),
        ("hold", "ledger", "-e", "preprod", "--until", "2h", "-m", "an audit is running", "--key", "k3"),
    )
    for words in commands:
        desired(*words)
    desired("deploy", "courier", "--image", image("courier", 2))
    for words in commands:
        assert desired.json(*words)["status"] == "repeated"


def test_a_command_with_a_key_and_expected_is_the_same_after_others_moved_main(desired: Desired, fork: Fork) -> None:
    desired("deploy", "search", "--image", image("search", 2), "--ref", "main")
    seen = ("--expected", fork.tip("main"))
    commands = (
        ("deploy", "ledger", "--image", image("ledger", 2), "--key", "k1", *seen),
        ("promote", "staging", "preprod", "--key", "k2", *seen),
    )
    for words in commands:
        desired(*words)
    for words in commands:
        assert desired.json(*words)["status"] == "repeated"
    promoted = desired.json("status", "-e", "preprod")["environments"][0]["rollouts"]["from-staging"]
    assert promoted["members"] == {"search": "green"}, "as staging was when somebody looked at it"


def test_the_json_of_an_operation_has_its_fields(desired: Desired) -> None:
    result = desired.json("deploy", "search", "--image", image("search", 2))
    assert {*result} == {"commit", "status", "title", "notes", "changed", "unused_code"}
    assert result["unused_code"] == []


def test_publish_with_nothing_new_changes_nothing(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    assert "= live is at main. Nothing was done" in desired("publish").output
    assert fork.tip("main") == before


def test_publish_of_code_that_is_not_used_has_an_exit_code_of_its_own_until_it_is_fixed(
    desired: Desired, fork: Fork
) -> None:
    developer = Developer(fork)
    good = developer.read("apps/ledger.py")
    broken = developer.push("ledger: broken", {"apps/ledger.py": "import sys\nsys.exit(0)\n"})
    result = desired("publish", code=6)
    why = f"the code at {broken[:12]} is not used: apps/ledger.py, line 2: ends the program (exit code 0)"
    assert result.stdout.startswith("✓ Published. Live at ")
    assert why in " ".join(result.stdout.split())
    assert "✗ Clusters stay with older code, as above. Fix the code at main" in result.stderr
    again = desired.json("publish", code=6)
    assert again["status"] == "unchanged"
    assert "is not used: apps/ledger.py, line 2: ends the program" in again["unused_code"][0]
    assert desired.json("deploy", "search", "--image", image("search", 2))["unused_code"], "it was deployed"
    developer.push("ledger: mended", {"apps/ledger.py": good})
    assert desired.json("publish")["unused_code"] == []


def test_publish_of_code_that_one_cluster_cannot_use_names_the_cluster(desired: Desired, fork: Fork) -> None:
    developer = Developer(fork)
    text = developer.read("apps/ledger.py")
    developer.push("ledger: nobody there", {"apps/ledger.py": text.replace('"gallery"', '"nobody"')})
    (said,) = desired.json("publish", code=6)["unused_code"]
    assert said.startswith("staging-apps stays with the code of ")


def test_an_environment_that_is_taken_out_of_envs_is_named_and_goes_on(desired: Desired, fork: Fork) -> None:
    published = fork.tip("live")[:12]
    Developer(fork).push("No preprod", {"envs/preprod.py": None, "envs/prod.py": None})
    output = " ".join(desired("publish", code=6).output.split())
    assert f"preprod-apps and preprod-ops stay with the code of {published}: envs/ does not define preprod" in output
    assert "prod leaves live: envs/ does not define it any more, and no service runs there" in output
    assert f"no platform pin: uses the code of {published}" in desired("status", "-e", "preprod").output
    assert "no platform pin: uses the code at main" in desired("status", "-e", "staging").output
    desired("retire", "billing", "-e", "preprod", "--unobserved", "-m", "no service calls it", "-y")
    desired("verify")


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
