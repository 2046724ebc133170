"""What people do to Git every day, and what somebody would do who wants past a gate: nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desired.core.errors import Refused
from desired.publish.publisher import Publisher
from desired.publish.verify import Report, verify
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import Developer, ask, deploy

ROLLOUT = "releases/staging/rollouts/search.yaml"
RELEASE = "releases/staging/search.yaml"
DEPLOYMENT = "manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml"


@pytest.fixture
def publisher(fork: Fork) -> Iterator[Publisher]:
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True, key="k-deploy")
        canary(publisher, 40, "k40")
        yield publisher


def canary(publisher: Publisher, share: int, key: str = "") -> str:
    return ask(publisher, "canary", environment="staging", service="search", share=share, key=key).status


def share(fork: Fork, branch: str = "live") -> str:
    text = git(fork.remote, "show", f"{branch}:{ROLLOUT}")
    return next(line.removeprefix("share: ") for line in text.splitlines() if line.startswith("share: "))


def verified(publisher: Publisher) -> Report:
    publisher.head()
    return verify(publisher)


def assert_together(fork: Fork, publisher: Publisher) -> None:
    assert fork.tip("main") == fork.tip("live")
    assert verified(publisher).problems == ()


def log(fork: Fork) -> list[str]:
    """The keys of the operations on the first parents of live."""
    listed = git(fork.remote, "log", "--first-parent", "--format=%(trailers:key=Desired-Key,valueonly)", "live")
    return [key for key in listed.split() if key]


def commit(folder: Path, message: str, files: dict[str, str]) -> str:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def test_an_everyday_merge_changes_nothing(fork: Fork) -> None:
    colleague = fork.clone("colleague")
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        canary(publisher, 40, "k40")
        commit(colleague, "docs", {"README.md": "Mine.\n"})
        git(colleague, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
        git(colleague, "push", "-q", "origin", "HEAD:main")
        answer = publisher.publish()
        assert not any("by hand" in each for each in answer.notes), answer.notes
        assert git(fork.remote, "show", "live:README.md") == "Mine."
        canary(publisher, 100, "k100")
        assert canary(publisher, 40, "k40") == "repeated"
        assert share(fork) == "100"
        assert log(fork)[:2] == ["k100", "k40"]
        assert_together(fork, publisher)


def test_a_main_that_is_forced_back_moves_forward_again(fork: Fork, publisher: Publisher) -> None:
    before = fork.tip("live")
    git(fork.remote, "branch", "-f", "main", "main~2")
    answer = publisher.publish()
    assert any("main was set back" in each for each in answer.notes)
    assert fork.tip("live") == fork.tip("main") == before
    assert canary(publisher, 40, "k40") == "repeated"
    assert_together(fork, publisher)


def test_a_main_that_is_rebased_or_squashed_over_operations_is_brought_together(
    fork: Fork, publisher: Publisher
) -> None:
    colleague = fork.clone("colleague")
    git(colleague, "reset", "-q", "--hard", "HEAD~2")
    commit(colleague, "docs", {"README.md": "Mine.\n"})
    git(colleague, "cherry-pick", "origin/main~2..origin/main")  # as a rebase does it
    commit(colleague, "more docs", {"docs.md": "More.\n"})
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main")
    before = fork.tip("live")
    answer = publisher.publish()
    assert any("main was rewritten" in each for each in answer.notes)
    assert not any("reverted" in each for each in answer.notes), answer.notes
    assert git(fork.remote, "merge-base", "--is-ancestor", before, "live") == ""
    assert git(fork.remote, "show", "live:docs.md") == "More."
    assert log(fork)[:2] == ["k40", "k-deploy"]
    assert canary(publisher, 40, "k40") == "repeated"
    assert_together(fork, publisher)


def test_a_hand_edit_that_is_pushed_to_live_is_put_back_and_stays_in_the_audit(
    fork: Fork, publisher: Publisher
) -> None:
    colleague = fork.clone("colleague")
    text = (colleague / RELEASE).read_text()
    edit = commit(colleague, "mine", {RELEASE: text.replace("sha256:0", "sha256:d"), DEPLOYMENT: "kind: Nonsense\n"})
    git(colleague, "push", "-q", "origin", "HEAD:live")
    assert any(edit[:12] in each for each in verified(publisher).problems)
    answer = publisher.publish()
    assert any("live was moved by hand" in each for each in answer.notes)
    assert any(f"reverted {RELEASE}" in each for each in answer.notes)
    assert git(fork.remote, "show", f"live:{RELEASE}") == text.strip()
    report = verified(publisher)
    assert report.problems == ()
    assert any(edit[:12] in each for each in report.repaired)
    assert publisher.publish().status == "unchanged"
    assert_together(fork, publisher)


@pytest.mark.parametrize("name", ["clone", "new"])
def test_a_live_that_is_forced_back_moves_forward_again(fork: Fork, publisher: Publisher, name: str) -> None:
    before = fork.tip("live")
    git(fork.remote, "branch", "-f", "live", "live~2")
    with fork.publisher(name) as other:
        _, tip = other.looked_at()
        assert any("live was set back" in each for each in tip.notes)
        assert ask(other, "rollback", environment="staging", service="search").status == "live"
        assert share(fork) == "0"
        assert git(fork.remote, "rev-parse", "live~1") == before
        assert canary(other, 40, "k40") == "repeated"
        assert_together(fork, other)


def test_what_a_person_committed_opens_no_gate(fork: Fork, publisher: Publisher) -> None:
    developer = Developer(fork)
    text = developer.read("releases/preprod/basket.yaml")
    developer.push("mine", {"releases/preprod/basket.yaml": text.replace("sha256:0", "sha256:d")})
    assert publisher.publish().status == "live"
    stood = publisher.index.stable_images(["preprod", "staging"])
    assert not any("sha256:d" in each[2] for each in stood)
    assert any(each[1] == "basket" for each in stood)


def test_the_gate_tested_does_not_take_what_a_person_committed_for_tested(fork: Fork, publisher: Publisher) -> None:
    developer = Developer(fork)
    text = developer.read("releases/preprod/basket.yaml")
    bad = f"registry.example.com/basket@sha256:{0xD:064x}"
    mine = developer.push("mine", {"releases/preprod/basket.yaml": text.replace(f"{1:064x}", f"{0xD:064x}")})
    publisher.publish()
    about = {"unobserved": True, "reason": "no cluster in this test", "specs_at": publisher.head()}
    build = {"image": bad, "commit": "0000002", "ref": "main"}
    with pytest.raises(Refused, match="was never stable in preprod"):
        ask(publisher, "deploy", environment="prod", services={"basket": build}, **about)
    # Neither does the commit's own state come back by any way.
    with pytest.raises(Refused, match="Nothing to change: preprod already has the versions"):
        ask(publisher, "reset", environment="preprod", to=mine)
    with pytest.raises(Refused, match=f"{mine[:12]} is not an operation"):
        ask(publisher, "undo", environment="preprod", commit=mine)
    assert bad not in git(fork.remote, "show", "live:releases/preprod/basket.yaml")


def test_a_commit_from_before_the_first_publishing_is_no_state(fork: Fork, publisher: Publisher) -> None:
    first = git(fork.remote, "rev-list", "--max-parents=0", "main")
    with pytest.raises(Refused, match="is older than the first publishing"):
        ask(publisher, "reset", environment="staging", to=first)


def test_a_first_publishing_that_somebody_invents_begins_no_log(fork: Fork, publisher: Publisher) -> None:
    colleague = fork.clone("colleague")
    start = git(fork.remote, "log", "--format=%B", "-1", "live~2")
    assert "Desired-Operation: start" in start
    commit(colleague, start, {RELEASE: "nonsense\n"})
    git(colleague, "push", "-q", "origin", "HEAD:main", "HEAD:live")
    count = len(log(fork))
    assert publisher.publish().status == "live"
    assert len(log(fork)) == count
    with fork.publisher("new") as other:
        assert canary(other, 40, "k40") == "repeated"
        assert_together(fork, other)


def test_an_operation_that_is_rewritten_is_seen_by_the_clone_that_knew_it(fork: Fork, publisher: Publisher) -> None:
    colleague = fork.clone("colleague")
    known = fork.tip("live")
    git(colleague, "commit", "-q", "--amend", "--author", "Eve <eve@example.com>", "--no-edit")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    assert any(f"does not contain {known[:12]}" in each for each in verified(publisher).problems)
    answer = publisher.publish()
    assert any("live was moved by hand" in each for each in answer.notes)
    assert log(fork)[:2] == ["k40", "k-deploy"]
    assert git(fork.remote, "log", "--first-parent", "-1", "--skip=1", "--format=%an", "live") == "Ada"
    assert_together(fork, publisher)


def test_an_edit_that_keeps_the_message_of_an_operation_is_put_back(fork: Fork, publisher: Publisher) -> None:
    colleague = fork.clone("colleague")
    before = git(fork.remote, "show", f"live:{DEPLOYMENT}")
    (colleague / DEPLOYMENT).write_text("kind: Nonsense\n")
    git(colleague, "commit", "-q", "-a", "-C", "HEAD")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    with fork.publisher("new") as other:
        assert other.publish().status == "live"
        assert git(fork.remote, "show", f"live:{DEPLOYMENT}") == before
        assert_together(fork, other)


def test_an_operation_on_a_rewritten_log_is_done_again_by_the_clone_that_knew_the_log(
    fork: Fork, publisher: Publisher
) -> None:
    colleague = fork.clone("colleague")
    git(colleague, "reset", "-q", "--hard", "HEAD~1")
    commit(colleague, "docs", {"README.md": "Mine.\n"})
    git(colleague, "cherry-pick", "origin/main")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    with fork.publisher("new") as other:
        deploy(other, "ledger", 5, key="k-ledger")
        answer = publisher.publish()
        assert any("is done again" in each for each in answer.notes), answer.notes
        assert log(fork)[:3] == ["k-ledger", "k40", "k-deploy"]
        assert image("ledger", 5) in git(fork.remote, "show", "live:releases/staging/ledger.yaml")
        # The other clone knows another log, of which nothing is missing in this one.
        tip = fork.tip("live")
        assert other.publish().status == "unchanged"
        assert fork.tip("live") == tip
        assert_together(fork, publisher)
        assert_together(fork, other)


def test_a_log_of_version_0_1_goes_on(fork: Fork) -> None:
    """It did not say which manifests a commit holds, and moved live to commits of people where nothing was to do."""
    clone = fork.clone("clone")
    lines = git(clone, "log", "-1", "--format=%B").splitlines()
    old = "\n".join(line for line in lines if not line.startswith(("Desired-Manifests", "Desired-Rules")))
    git(clone, "commit", "-q", "--amend", "--allow-empty", "-m", old)
    commit(clone, "docs", {"README.md": "Mine.\n"})
    git(clone, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    with fork.publisher("new") as publisher:
        answer = publisher.publish()
        assert answer.notes == ()
        deploy(publisher, "search", 2, key="k2")
        assert log(fork) == ["k2"]
        report = verified(publisher)
        assert report.problems == report.repaired == ()
        assert_together(fork, publisher)


def test_status_says_that_a_branch_was_moved_by_hand(fork: Fork, publisher: Publisher) -> None:
    git(fork.remote, "branch", "-D", "live")
    desired = Desired(fork.clone("clone"))
    said = " ".join(desired("status", "-e", "staging").output.split())
    assert "Live was deleted: it is made again" in said
    assert "`desired publish` does that" in said
    assert "live was deleted" in desired.json("status")["branches"][0]


def test_another_clone_follows_operations_on_top_of_what_people_committed(fork: Fork, publisher: Publisher) -> None:
    developer = Developer(fork)
    with fork.publisher("other") as other:
        assert other.publish().status == "unchanged"
        developer.push("docs", {"README.md": "Mine.\n"})
        deploy(publisher, "ledger", 5, key="k-docs")
        developer.push("code", {"apps/basket.py": f"# One more line.\n{developer.read('apps/basket.py')}"})
        deploy(publisher, "ledger", 6, canary=True, key="k-code")
        tip = fork.tip("live")
        answer = other.publish()
        assert (answer.status, answer.notes) == ("unchanged", ())
        assert fork.tip("live") == tip


@pytest.mark.parametrize("change", ["nothing else", "another share"])
def test_a_commit_with_the_message_of_an_operation_is_not_a_second_one(
    fork: Fork, publisher: Publisher, change: str
) -> None:
    colleague = fork.clone("colleague")
    text = (colleague / ROLLOUT).read_text()
    (colleague / "README.md").write_text("Mine.\n")
    message = git(colleague, "log", "-1", "--format=%B")
    if change == "another share":
        (colleague / ROLLOUT).write_text(text.replace("share: 40", "share: 60"))
        git(colleague, "add", "-A")
        releases = git(colleague, "rev-parse", f"{git(colleague, 'write-tree')}:releases")
        old = git(colleague, "rev-parse", "HEAD:releases")
        message = message.replace('"share": 40', '"share": 60').replace(old, releases)
    git(colleague, "commit", "-q", "-a", "-m", message)
    git(colleague, "push", "-q", "origin", "HEAD:main", "HEAD:live")
    with fork.publisher("new") as other:
        assert other.publish().status == "live"
        assert log(fork).count("k40") == 1
        assert share(fork) == "40"
        assert git(fork.remote, "show", "live:README.md") == "Mine."
        assert_together(fork, other)


def test_a_new_clone_goes_on_from_what_is_live_and_not_from_a_rebased_copy(fork: Fork, publisher: Publisher) -> None:
    before = fork.tip("live")
    colleague = fork.clone("colleague")
    git(colleague, "reset", "-q", "--hard", "HEAD~2")
    commit(colleague, "docs", {"README.md": "Mine.\n"})
    git(colleague, "cherry-pick", "origin/main~2..origin/main")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main")
    with fork.publisher("new") as other:
        assert not any("live was moved" in each for each in other.publish().notes)
        assert git(fork.remote, "rev-list", "--first-parent", "live").count(before) == 1
    assert not any("live was moved" in each for each in publisher.publish().notes)


def test_two_logs_that_were_brought_together_stay_together(fork: Fork, publisher: Publisher) -> None:
    """The operation that both have was done again in one of them by a rebase; the other has one more."""
    colleague = fork.clone("colleague")
    git(colleague, "reset", "-q", "--hard", "HEAD~1")
    commit(colleague, "docs", {"README.md": "Mine.\n"})
    git(colleague, "cherry-pick", "origin/main")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    with fork.publisher("new") as other:
        assert ask(other, "undo", environment="staging", commit=fork.tip("live"), key="k-undo").status == "live"
        for each in (publisher, other):
            each.publish()
        assert "k-undo" in log(fork)
        tip = fork.tip("live")
        assert [each.publish().status for each in (publisher, other)] == ["unchanged"] * 2
        assert fork.tip("live") == tip
        assert_together(fork, publisher)


def test_of_two_operations_that_do_not_fit_one_is_lost_and_said_and_no_clone_goes_back_to_the_other(
    fork: Fork, publisher: Publisher
) -> None:
    before = fork.tip("live")
    deploy(publisher, "ledger", 5, canary=True, key="k-one")
    for branch in ("main", "live"):
        git(fork.remote, "branch", "-f", branch, before)
    with fork.publisher("new") as other:
        assert deploy(other, "ledger", 6, canary=True, key="k-other").status == "live"
        said = [note for each in (publisher, other) for note in each.publish().notes]
        assert any("(key k-other), is not in the log: it is not legal there" in each for each in said), said
        assert any("(key k-other), is no longer in the log" in each for each in said), said
        assert [each.publish().status for each in (publisher, other)] == ["unchanged"] * 2
        assert [key for key in log(fork) if key.startswith("k-")] == ["k-one", "k-deploy"]
        assert_together(fork, publisher)


def test_a_merge_that_only_says_that_it_has_all_operations_takes_none_away(fork: Fork, publisher: Publisher) -> None:
    """It holds what was first published, says that it brings both together, and names the keys of what it left out."""
    live, start = fork.tip("live"), git(fork.remote, "rev-parse", "live~2")
    ids = {name: git(fork.remote, "rev-parse", f"{start}:{name}") for name in ("releases", "manifests")}
    said = "Desired-Operation: publish\nDesired-Revision: {releases}\nDesired-Manifests: {manifests}".format(**ids)
    tree = f"{start}^{{tree}}"
    tip = git(fork.remote, "commit-tree", tree, "-p", start, "-p", live, "-m", "Publish main", "-m", said)
    for each in ("live~1", "live"):
        tip = git(fork.remote, "commit-tree", tree, "-p", tip, "-m", git(fork.remote, "log", "-1", "--format=%B", each))
    for branch in ("main", "live"):
        git(fork.remote, "branch", "-f", branch, tip)
    publisher.publish()
    assert log(fork)[:2] == ["k40", "k-deploy"]
    assert share(fork) == "40"
    assert_together(fork, publisher)


def test_another_repository_is_not_taken_for_the_log(fork: Fork, publisher: Publisher) -> None:
    colleague = fork.clone("colleague")
    git(colleague, "checkout", "-q", "--orphan", "other")
    git(colleague, "commit", "-q", "-m", "Another repository")
    git(colleague, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    with pytest.raises(Refused, match="has nothing in common with the log"):
        publisher.publish()
