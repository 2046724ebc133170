"""The commands that only read: what they show to people, and to programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desired.cli.output import age
from desired.publish.publisher import Publisher
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import Developer

_FIRST = "000000000001"
"""The first version of every service of the fork, by the digest of its image."""


def test_status_shows_rollouts_holds_and_what_is_behind(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    desired("deploy", "ledger=abcdef2", "--canary", "--image", image("ledger", 2))
    desired("canary", "ledger", "40")
    desired("hold", "courier", "-e", "staging", "-m", "the courier is being audited")
    desired("hold", "-e", "preprod", "-m", "no changes in December")
    lines = desired("status").output.splitlines()
    assert lines[0] == "staging  no platform pin: uses the code at main · rollout ledger: open, share 40 %"
    held = "preprod  no platform pin: uses the code at main · held by Test <test@example.com>: no changes in December"
    assert lines[1] == held
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert " · abcdef2 gets 40 %" in rows["ledger"]
    assert " · behind staging" in rows["search"]
    assert rows["courier"].count("held") == 1
    assert "held" not in rows["search"], "the line of the environment says it once"
    assert "ready" not in rows["search"], "no cluster was checked"


def test_the_json_of_status_has_a_row_for_each_service_and_environment(desired: Desired) -> None:
    desired("deploy", "ledger=abcdef2", "--canary", "--image", image("ledger", 2))
    desired("hold", "courier", "-e", "staging", "-m", "the courier is being audited")
    found = desired.json("status")["services"]
    by_name = {(each["environment"], each["service"]): each for each in found}
    assert by_name["staging", "ledger"]["candidate"] == "abcdef2"
    assert by_name["staging", "ledger"]["candidate_ready"] is None
    assert by_name["staging", "courier"]["held"].endswith("the courier is being audited")
    assert [each["service"] for each in desired.json("status", "search")["services"]] == ["search"] * 2
    assert {each["environment"] for each in desired.json("status", "-e", "preprod")["services"]} == {"preprod"}


def test_status_counts_placeholder_digests_until_they_are_replaced(desired: Desired) -> None:
    words = "Placeholder digests (sha256:0000…), which no registry has: {} and 6 charts in staging"
    lines = " ".join(desired("status", "-e", "staging").output.split())
    assert words.format("8 services") in lines
    real = f"registry.example.com/search@sha256:{'a' * 64}"
    desired("deploy", "search", "-e", "staging", "--image", real)
    assert words.format("7 services") in " ".join(desired("status").output.split())
    found = desired.json("status", "search")
    assert [each["placeholder"] for each in found["services"]] == [False, True]
    assert {each["placeholder_charts"] for each in found["environments"]} == {6}
    desired("deploy", "search", "-e", "staging", "--image", image("search", 2), "--canary")
    assert desired.json("status", "search")["services"][0]["placeholder"], "of any slot"


def test_status_believes_main_and_live_only_together(
    desired: Desired, fork: Fork, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = fork.tip("main")
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    # This process has read main before another one fetched, and reads live after it.
    newest, read = Publisher.head, iter([older])
    monkeypatch.setattr(Publisher, "head", lambda own: next(read, None) or newest(own))
    assert desired.json("status")["commit"] == fork.tip("live")


def test_diff_compares_two_environments_and_two_commits(desired: Desired, fork: Fork) -> None:
    before = fork.tip("main")
    assert desired("diff", "staging", "preprod").stdout == "staging and preprod have the same versions.\n"
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    for words in (("staging", "preprod"), (before, fork.tip("main"), "-e", "staging")):
        (row,) = desired.json("diff", *words)
        assert row["service"] == "search"
    assert "abcdef1" in desired("diff", "staging", "preprod").output


def test_diff_shows_another_spec_with_the_same_image_where_apps_is_followed(desired: Desired, fork: Fork) -> None:
    before, developer = fork.tip("main"), Developer(fork)
    text = developer.read("apps/search.py").replace(
        'owner="team-a",', 'owner="team-a",\n    size="M", env={"LEVEL": 1},'
    )
    developer.push("search: larger", {"apps/search.py": text})
    assert desired.json("diff", "staging", "preprod") == [], "it does not run yet"
    desired("publish")
    (row,) = desired.json("diff", "preprod", "staging")
    assert (row["service"], row["before"], row["after"], row["spec"]) == ("search", _FIRST, _FIRST, True)
    assert row["differences"] == ["env.LEVEL added: 1", "size: S → M"]
    assert desired.json("diff", before, fork.tip("main"), "-e", "staging")[0]["differences"] == row["differences"]
    assert desired.json("diff", "staging", "preprod")[0]["differences"] == ["env.LEVEL removed, was 1", "size: M → S"]
    desired("deploy", "search", "--image", image("search", 1), "-e", "preprod")
    assert desired.json("diff", "preprod", "staging") == []


def test_diff_shows_another_image_with_the_same_spec_and_no_field_of_the_spec(desired: Desired) -> None:
    desired("deploy", "search=abcdef1", "--image", f"registry.example.com/search@sha256:{'a' * 64}")
    (row,) = desired.json("diff", "preprod", "staging")
    assert (row["spec"], row["differences"]) == (False, [f"image: {_FIRST} → {'a' * 12}"])
    heading, line = desired("diff", "preprod", "staging").output.splitlines()
    assert heading.split() == ["service", "preprod", "staging", "what", "differs"]
    assert line.split() == ["search", _FIRST, "abcdef1", "image:", _FIRST, "→", "a" * 12]


def test_diff_shows_the_code_that_runs_where_that_of_main_is_not_used(desired: Desired, fork: Fork) -> None:
    developer = Developer(fork)
    text = developer.read("apps/ledger.py")
    broken = text.replace('"gallery"', '"nobody"').replace('owner="team-a",', 'owner="team-a",\n    size="M",')
    developer.push("ledger: calls nobody", {"apps/ledger.py": broken})
    desired("publish", code=6)
    assert desired.json("diff", "preprod", "staging") == []


def test_diff_lists_a_service_that_runs_on_one_side_only(desired: Desired) -> None:
    desired("retire", "billing", "-e", "preprod", "--unobserved", "-m", "no service calls it")
    (row,) = desired.json("diff", "staging", "preprod")
    assert (row["service"], row["after"], row["spec"], row["differences"]) == ("billing", "-", False, [])


def test_versions_without_a_commit_are_told_apart_by_their_digests(desired: Desired) -> None:
    for service, number in (("search", 0xA1), ("ledger", 0xB2)):
        build = f"registry.example.com/{service}@sha256:{number:02x}{'0' * 62}"
        desired("deploy", service, "--image", build, "--ref", "main", "--canary")
    by_name = {(each["environment"], each["service"]): each for each in desired.json("status")["services"]}
    assert by_name["staging", "search"]["candidate"] == "a10000000000"
    assert by_name["staging", "ledger"]["candidate"] == "b20000000000"
    assert "a10000000000 gets 0 %" in desired("status", "search").output
    for command in ("search", "ledger"):
        desired("canary", command, "100")
        desired("finalize", command)
    rows = {row["service"]: row["after"] for row in desired.json("diff", "preprod", "staging")}
    assert rows == {"search": "a10000000000", "ledger": "b20000000000"}


def test_history_and_show_tell_who_did_what_and_why(desired: Desired, fork: Fork) -> None:
    desired("deploy", "search=abcdef1", "--image", image("search", 2), "-m", "fixes the search")
    output = desired("history", "search", "-n", "1").output
    heading, row = output.splitlines()
    assert heading.split() == ["commit", "when", "who", "what", "why"]
    assert row.rstrip().endswith("Z  Test  search abcdef1: deploy in staging  fixes the search")
    shown = desired("show", fork.tip("main")).output
    assert shown.startswith("search abcdef1: deploy in staging\n")
    assert "+    commit: abcdef1" in shown
    assert shown.endswith("1 other file changed\n")
    assert desired("history", "tea", "-e", "moon").output == "No operations of tea in moon.\n"


def test_show_of_the_first_commit_is_refused_in_a_sentence(desired: Desired, fork: Fork) -> None:
    first = git(fork.remote, "rev-list", "--max-parents=0", "main")
    stderr = desired("show", first, code=1).stderr
    assert f"✗ COMMIT: {first[:12]} is the first commit. There is nothing before it" in stderr


def test_verify_names_the_commit_that_is_wrong_and_fails(desired: Desired, fork: Fork) -> None:
    assert "✓ The history is complete and correct: 0 commits since" in desired("verify").output
    desired("deploy", "search=abcdef1", "--image", image("search", 2))
    assert "1 commit since" in desired("verify").output


def test_commands_that_only_read_start_no_node(
    desired: Desired, fork: Fork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JSII_NODE", str(tmp_path / "not-there"))
    developer = Developer(fork)
    text = developer.read("apps/search.py")
    developer.push("search: not published yet", {"apps/search.py": text.replace('"team-a"', '"team-b"')})
    for words in (("status",), ("history",), ("diff", "staging", "preprod"), ("show", "HEAD")):
        desired(*words)
    assert "staging-apps stays with the code of" in desired("publish", code=6).output, "publish would need node"


@pytest.mark.parametrize(
    ("since", "text"),
    [
        ("2026-11-02T09:29:30Z", "30s"),
        ("2026-11-02T09:20:00Z", "10m"),
        ("2026-11-02T06:30:00Z", "3h"),
        ("2026-10-21T09:30:00Z", "12d"),
        ("2026-11-02T09:31:00Z", "0s"),
    ],
)
def test_an_age_is_shown_in_its_largest_unit(since: str, text: str) -> None:
    assert age(since, datetime(2026, 11, 2, 9, 30, tzinfo=UTC)) == text
