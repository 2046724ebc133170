"""What people merge never stands between an operation and `live`."""

from __future__ import annotations

import pytest

from desired.core.errors import Problem, Refused
from desired.publish.publisher import Publisher
from desired.publish.verify import verify
from tests.support.fork import Fork, git, image
from tests.support.people import Developer, ask, deploy

RELEASE = "releases/staging/search.yaml"
ROUTE = "manifests/staging-apps/apps/search/httproute-search.yaml"
DEPLOYMENT = "manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml"
BROKEN = '"""A service of the fork."""\n\nfrom constructs_lib import Nonsense\n'


def live(fork: Fork, path: str) -> str:
    return git(fork.remote, "show", f"live:{path}")


def assert_whole(publisher: Publisher, fork: Fork) -> None:
    """Both branches are at one commit, which is what the code makes of legal operations."""
    assert fork.tip("main") == fork.tip("live")
    publisher.head()
    assert verify(publisher).problems == ()


def test_a_merge_without_manifests_gets_them_with_the_next_publishing(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        text = developer.read("apps/search.py")
        developer.push(
            "search: larger", {"apps/search.py": text.replace('owner="team-a",', 'owner="team-a",\n    size="M",')}
        )
        answer = publisher.publish()
        assert answer.status == "live"
        assert DEPLOYMENT in answer.changes
        assert "256Mi" in live(fork, DEPLOYMENT)
        assert publisher.publish().status == "unchanged"
        assert_whole(publisher, fork)


def test_a_release_that_a_person_changed_is_put_back_and_the_remedy_is_named(fork: Fork) -> None:
    developer, before = Developer(fork), live(fork, RELEASE)
    with fork.publisher() as publisher:
        developer.push("search: by hand", {RELEASE: before.replace("sha256:0", "sha256:1", 1) + "\n"})
        answer = publisher.publish()
        assert any("reverted releases/staging/search.yaml" in said for said in answer.notes)
        assert any("desired deploy search=… -e staging" in said for said in answer.notes)
        assert live(fork, RELEASE) == before
        assert_whole(publisher, fork)


def test_a_manifest_that_a_person_changed_is_put_back(fork: Fork) -> None:
    developer, before = Developer(fork), live(fork, DEPLOYMENT)
    with fork.publisher() as publisher:
        developer.push("search: by hand", {DEPLOYMENT: before.replace("64Mi", "65Mi")})
        assert publisher.publish().changes.keys() == {DEPLOYMENT}
        assert live(fork, DEPLOYMENT) == before
        assert_whole(publisher, fork)


def test_an_illegal_merge_and_one_that_does_not_synthesize_do_not_hold_up_a_rollback(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        ask(publisher, "canary", environment="staging", service="search", share=40)
        developer.push("by hand", {"releases/staging/rollouts/search.yaml": None})
        developer.push("broken", {"apps/ledger.py": BROKEN})
        answer = ask(publisher, "rollback", environment="staging", service="search")
        assert answer.status == "live"
        assert any("reverted releases/staging/rollouts/search.yaml" in said for said in answer.notes)
        assert "search-green" not in live(fork, ROUTE)
        assert "share: 0" in live(fork, "releases/staging/rollouts/search.yaml")
        assert_whole(publisher, fork)
        assert any("is not used" in said and "Nonsense" in said for said in publisher.publish().notes)
        assert_whole(publisher, fork)


def test_a_rollback_does_not_wait_for_merged_code_which_the_next_publishing_brings_in(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        ask(publisher, "canary", environment="staging", service="search", share=40)
        text = developer.read("apps/ledger.py")
        developer.push("ledger: larger", {"apps/ledger.py": text.replace('"team-a"', '"team-b"')})
        ask(publisher, "rollback", environment="staging", service="search")
        made = "manifests/staging-apps/apps/ledger-blue/deployment-ledger-blue.yaml"
        assert "team-b" not in live(fork, made)
        assert_whole(publisher, fork)
        assert publisher.publish().status == "live"
        assert "team-b" in live(fork, made)
        assert publisher.publish().status == "unchanged"
        assert_whole(publisher, fork)


def test_code_that_does_not_synthesize_is_used_as_soon_as_it_is_mended(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        good = developer.read("apps/ledger.py")
        developer.push("broken", {"apps/ledger.py": BROKEN})
        publisher.publish()
        assert "Desired-Code" in git(fork.remote, "log", "-1", "--format=%B", "live")
        deploy_while_broken = deploy(publisher, "search", 3, specs_at=git(fork.remote, "rev-parse", "live~2"))
        assert deploy_while_broken.status == "live"
        developer.push("mended", {"apps/ledger.py": good.replace('owner="team-a",', 'owner="team-b",')})
        publisher.publish()
        assert "team-b" in live(fork, "manifests/staging-apps/apps/ledger-blue/deployment-ledger-blue.yaml")
        assert "Desired-Code" not in git(fork.remote, "log", "-1", "--format=%B", "live")
        assert_whole(publisher, fork)


def test_code_that_breaks_a_rule_in_one_environment_is_used_in_the_others(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        text = developer.read("apps/search.py")
        # Only staging follows apps/: what nobody can reserve is refused there, and no matter elsewhere.
        greedy = text.replace('owner="team-a",', 'owner="team-a",\n    size=Resources(cpu="900", memory="64Mi"),')
        greedy = greedy.replace("import Port, Service", "import Port, Resources, Service")
        developer.push("search: greedy", {"apps/search.py": greedy})
        answer = publisher.publish()
        assert any(said.startswith("staging-apps stays with the code of") for said in answer.notes), answer.notes
        assert 'cpu: "900"' not in live(fork, DEPLOYMENT)
        assert deploy(publisher, "basket", 5, environment="preprod").status == "live"
        assert_whole(publisher, fork)


def test_the_first_publishing_asks_for_manifests_that_the_code_makes(fork: Fork) -> None:
    fork.unpublish()
    developer = Developer(fork)
    developer.push("by hand", {DEPLOYMENT: developer.read(DEPLOYMENT) + "# mine\n"})
    with fork.publisher("other") as publisher:
        with pytest.raises(Refused, match=r"Nothing is published yet\. Run `desired publish` once"):
            deploy(publisher, "search", 2)
        with pytest.raises(
            Refused, match=f"1 files of manifests/ are not what the code makes; the first is {DEPLOYMENT}"
        ):
            publisher.publish()
        developer.push("taken back", {DEPLOYMENT: developer.read(DEPLOYMENT).replace("# mine\n", "")})
        assert publisher.publish().status == "live"
        assert_whole(publisher, fork)


@pytest.mark.parametrize("name", ["clone", "new"])
def test_a_live_that_was_deleted_is_found_again_and_continued(fork: Fork, name: str) -> None:
    with fork.publisher() as publisher:
        done = deploy(publisher, "search", 2, key="k2")
        git(fork.remote, "branch", "-D", "live")
    with fork.publisher(name) as publisher:
        answer = publisher.publish()
        assert answer.status == "live"
        assert any("live was deleted: it is made again" in each for each in answer.notes)
        assert fork.tip("live") == done.commit
        assert deploy(publisher, "search", 2, key="k2", expected=done.commit).status == "repeated"
        assert_whole(publisher, fork)


def test_verify_names_the_commit_of_somebody_who_moved_live_by_hand(fork: Fork) -> None:
    developer, before = Developer(fork), live(fork, RELEASE)
    with fork.publisher() as publisher:
        bad = developer.push("search: by hand", {RELEASE: before.replace("sha256:0", "sha256:1", 1) + "\n"})
        git(developer.folder, "push", "-q", "origin", "HEAD:live")
        publisher.head()
        (problem,) = verify(publisher).problems
        assert problem == f"{bad[:12]} is live but needs repairs: {RELEASE}"


def test_a_commit_that_claims_an_operation_which_it_does_not_hold_is_put_back(fork: Fork) -> None:
    developer, before = Developer(fork), live(fork, RELEASE)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 7)
        forged = git(fork.remote, "log", "-1", "--format=%B", "live")
        text = developer.read(RELEASE)
        developer.push(forged, {RELEASE: text.replace(f"{7:064x}", f"{8:064x}")})
        publisher.publish()
        assert f"{8:064x}" not in live(fork, RELEASE)
        assert live(fork, RELEASE) != before
        assert_whole(publisher, fork)


def test_a_pinned_cluster_is_made_by_the_code_of_its_pin(fork: Fork) -> None:
    developer = Developer(fork)
    path = "constructs_lib/platform/priorities.py"
    made = "manifests/preprod-{}/platform/priorities/priorityclass-tier-1.yaml"
    with fork.publisher() as publisher:
        commit = publisher.head()
        git(developer.folder, "tag", "v1", commit)
        about = {"environment": "preprod", "unobserved": True, "reason": "no cluster in this test"}
        ask(publisher, "platform", tag="v1", commit=commit, **about)
        text = developer.read(path)
        developer.push("Another sentence", {path: text.replace("Services of tier", "All services of tier")})
        publisher.publish()
        assert "All services" in live(fork, made.format("ops"))
        assert "All services" not in live(fork, made.format("apps"))
        deploy(publisher, "search", 4, environment="preprod")
        assert "All services" not in live(fork, made.format("apps"))
        moved = git(fork.remote, "rev-parse", "main~1")
        ask(publisher, "platform", tag="v2", commit=moved, **about)
        assert "All services" in live(fork, made.format("apps"))
        assert_whole(publisher, fork)


def test_a_remote_that_cannot_move_two_branches_as_one_is_refused(fork: Fork) -> None:
    git(fork.remote, "config", "receive.advertiseAtomic", "false")
    with fork.publisher() as publisher, pytest.raises(Problem, match="does not support `git push --atomic`"):
        deploy(publisher, "search", 2)


def test_a_fetch_by_another_process_between_reading_main_and_live_changes_nothing(
    fork: Fork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fork.publisher("one") as one, fork.publisher("other") as other:
        older, newest = one.head(), one.head
        asked = {"expected": older, "specs_at": older, "key": "asked-twice"}
        done = deploy(other, "search", 2, **asked)
        newest()
        # This process has read main before the other one's push, and reads live after it.
        read = iter([older])
        monkeypatch.setattr(one, "head", lambda: next(read, None) or newest())
        build = {"image": image("search", 2), "commit": "0000002", "ref": "main"}
        again = ask(one, "deploy", environment="staging", services={"search": build}, **asked)
    assert (again.status, again.commit) == ("repeated", done.commit)
