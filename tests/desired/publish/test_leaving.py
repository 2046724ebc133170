"""An environment that `envs/` no longer defines: it stays while services run there, and leaves after that."""

from __future__ import annotations

import pytest

from desired.core.errors import Refused
from desired.publish.publisher import Publisher
from desired.publish.verify import verify
from tests.support.fork import SERVICES, Fork, git
from tests.support.people import Developer, ask, deploy

DEPLOYMENT = "manifests/preprod-apps/apps/search-blue/deployment-search-blue.yaml"
GONE: dict[str, str | None] = {"envs/preprod.py": None, "envs/prod.py": None}
"""preprod, in which the services of the fork run, and prod, which is promoted from it, and in which none run."""
UNOBSERVED = {"unobserved": True, "reason": "no cluster in this test"}


def files(fork: Fork, folder: str) -> list[str]:
    return git(fork.remote, "ls-tree", "-r", "--name-only", "live", f"{folder}/").splitlines()


def names(publisher: Publisher, fork: Fork) -> list[str]:
    publisher.head()
    return list(publisher.state(fork.tip("live")))


def assert_whole(publisher: Publisher, fork: Fork) -> None:
    """Both branches are at one commit, which a clone that has seen nothing finds right too."""
    assert fork.tip("main") == fork.tip("live")
    publisher.head()
    assert verify(publisher).problems == ()
    with fork.publisher("fresh") as fresh:
        main, live = fresh.tips()
        assert fresh.log_tip(main, live).commit == live


def retire_all(publisher: Publisher, environment: str) -> None:
    """Retires callers first: every second service of the fork calls the one before it."""
    for service in reversed(SERVICES):
        ask(publisher, "retire", environment=environment, service=service, **UNOBSERVED)


def test_an_environment_in_which_services_run_stays_with_the_code_that_defines_it(fork: Fork) -> None:
    developer, before = Developer(fork), files(fork, "manifests/preprod-apps")
    with fork.publisher() as publisher:
        published = fork.tip("live")
        text = developer.read("apps/search.py").replace('owner="team-a"', 'owner="team-c"')
        developer.push("No preprod", {**GONE, "apps/search.py": text})
        answer = publisher.publish()
        (said,) = answer.unused
        assert said == (
            f"preprod-apps and preprod-ops stay with the code of {published[:12]}: envs/ does not define preprod any "
            f"more, and 8 services run there. Retire them with `desired retire SERVICE -e preprod`, or put "
            f"envs/preprod.py back"
        )
        assert files(fork, "manifests/preprod-apps") == before
        assert names(publisher, fork) == ["staging", "preprod"]
        made = "manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml"
        assert "team-c" in git(fork.remote, "show", f"live:{made}"), "the others go on with the new code"
        assert_whole(publisher, fork)
        assert publisher.publish().unused == (said,), "it is said until something is done"


def test_operations_go_on_in_an_environment_that_stays(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, environment="preprod", canary=True)
        ask(publisher, "canary", environment="preprod", service="search", share=40, **UNOBSERVED)
        developer.push("No preprod", GONE)
        # Before anything is published, and after it.
        assert ask(publisher, "rollback", environment="preprod", service="search").status == "live"
        publisher.publish()
        assert ask(publisher, "close", environment="preprod", service="search", **UNOBSERVED).status == "live"
        with pytest.raises(Refused, match="Cannot check that ledger gets no requests in preprod"):
            ask(publisher, "retire", environment="preprod", service="ledger")
        ask(publisher, "hold", environment="preprod", because="an audit is running", by="Ada")
        ask(publisher, "unhold", environment="preprod")
        deploy(publisher, "search", 3)
        assert_whole(publisher, fork)


def test_edits_by_hand_in_an_environment_that_stays_are_put_back(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        developer.push("No preprod", GONE)
        publisher.publish()
        text = developer.read(DEPLOYMENT)
        release = developer.read("releases/preprod/search.yaml")
        edits: dict[str, str | None] = {DEPLOYMENT: text.replace("64Mi", "65Mi"), "releases/preprod/search.yaml": None}
        developer.push("by hand", edits)
        assert any("reverted releases/preprod/search.yaml" in each for each in publisher.publish().notes)
        assert git(fork.remote, "show", f"live:{DEPLOYMENT}") == text.strip()
        assert git(fork.remote, "show", "live:releases/preprod/search.yaml") == release.strip()
        assert_whole(publisher, fork)


def test_an_environment_in_which_nothing_runs_leaves_with_a_note_after_its_services_are_retired(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        git(developer.folder, "tag", "v1", fork.tip("main"))
        ask(publisher, "platform", environment="preprod", tag="v1", commit=fork.tip("main"), **UNOBSERVED)
        developer.push("No preprod", GONE)
        notes = publisher.publish().notes
        left = "prod leaves live: envs/ does not define it any more, and no service runs there. prod-apps and prod-ops"
        assert any(each.startswith(left) for each in notes), notes
        assert files(fork, "manifests/prod-apps") == files(fork, "manifests/prod-ops") == []
        retire_all(publisher, "preprod")
        answer = publisher.publish()
        assert answer.unused == ()
        (note,) = answer.notes
        assert note == (
            "preprod leaves live: envs/ does not define it any more, and no service runs there. preprod-apps and "
            "preprod-ops keep what they run until you delete them with `pulumi destroy`"
        )
        assert not [path for path in files(fork, "manifests") if "/preprod" in path]
        assert not files(fork, "releases/preprod")
        assert names(publisher, fork) == ["staging"]
        assert publisher.publish().status == "unchanged"
        assert_whole(publisher, fork)


def test_an_environment_stays_until_those_that_are_promoted_from_it_have_left(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        build = {"services": {"basket": {"image": f"registry.example.com/basket@sha256:{1:064x}", "ref": "main"}}}
        retire_all(publisher, "preprod")
        ask(publisher, "deploy", environment="prod", specs_at=publisher.head(), **build)
        developer.push("Neither", GONE)
        first, second = publisher.publish().unused
        assert "envs/ does not define preprod any more, and prod is promoted from it" in first
        assert "prod any more, and 1 service runs there. Retire it with `desired retire SERVICE -e prod`" in second
        assert names(publisher, fork) == ["staging", "preprod", "prod"]
        ask(publisher, "retire", environment="prod", service="basket", **UNOBSERVED)
        assert publisher.publish().unused == ()
        assert names(publisher, fork) == ["staging"]
        assert_whole(publisher, fork)


def test_an_environment_that_is_held_stays_until_the_hold_is_removed(fork: Fork) -> None:
    with fork.publisher() as publisher:
        ask(publisher, "hold", environment="prod", because="nobody touches this", by="Ada")
        Developer(fork).push("No prod", {"envs/prod.py": None})
        (said,) = publisher.publish().unused
        assert "Ada holds it: nobody touches this. Run `desired unhold -e prod`, or put envs/prod.py back" in said
        ask(publisher, "unhold", environment="prod")
        assert publisher.publish().unused == ()
        assert names(publisher, fork) == ["staging", "preprod"]
        assert_whole(publisher, fork)


def test_an_environment_that_comes_back_goes_on_where_it_was(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        text: dict[str, str | None] = {path: developer.read(path) for path in GONE}
        developer.push("No preprod", GONE)
        publisher.publish()
        deploy(publisher, "search", 2, environment="preprod", **UNOBSERVED)
        developer.push("Back again", text)
        assert publisher.publish().unused == ()
        assert names(publisher, fork) == ["staging", "preprod", "prod"]
        assert files(fork, "manifests/prod-apps"), "the one that had left is made again"
        assert "Desired-Code" not in git(fork.remote, "log", "-1", "--format=%B", "live")
        assert_whole(publisher, fork)


def test_code_that_is_broken_after_an_environment_was_taken_out_changes_nothing_about_it(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        developer.push("No preprod", GONE)
        publisher.publish()
        developer.push("Broken", {"apps/ledger.py": "nonsense"})
        publisher.publish()
        deploy(publisher, "search", 2, environment="preprod", specs_at=git(fork.remote, "rev-parse", "live~2"))
        assert names(publisher, fork) == ["staging", "preprod"]
        assert_whole(publisher, fork)


def test_a_merge_that_is_brought_together_with_live_takes_no_environment_along(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        git(developer.folder, "rm", "-q", *GONE)
        git(developer.folder, "commit", "-q", "-m", "No preprod")
        deploy(publisher, "search", 2)
        git(developer.folder, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
        git(developer.folder, "push", "-q", "origin", "HEAD:main")
        (said,) = publisher.publish().unused
        assert "envs/ does not define preprod any more" in said
        assert names(publisher, fork) == ["staging", "preprod"]
        assert_whole(publisher, fork)


def test_verify_finds_a_publishing_that_drops_an_environment_in_which_services_run(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        developer.push("No preprod", GONE)
        publisher.publish()
        right = git(fork.remote, "log", "-1", "--format=%B", "live")
        kept = [line for line in right.split("\n") if not line.startswith("Desired-Code")]
        git(developer.folder, "pull", "-q", "origin", "main")
        git(developer.folder, "commit", "-q", "--allow-empty", "-m", "\n".join(kept))
        git(developer.folder, "push", "-q", "origin", "HEAD:main", "HEAD:live")
        bad = fork.tip("live")
        publisher.head()
        assert (
            f"{bad[:12]} names other code for its clusters than the code that made them" in verify(publisher).problems
        )


@pytest.mark.parametrize("path", ["manifests/nonsense/x.yaml", "manifests/README.md", "releases/nonsense/x.yaml"])
def test_a_file_outside_of_every_cluster_and_environment_is_put_back(fork: Fork, path: str) -> None:
    developer, before = Developer(fork), git(fork.remote, "rev-parse", "live^{tree}")
    with fork.publisher() as publisher:
        developer.push("by hand", {path: "schema: 1\n"})
        answer = publisher.publish()
        assert list(answer.changes) == [path]
        assert git(fork.remote, "rev-parse", "live^{tree}") == before
        if path.startswith("releases/"):
            assert any(each.endswith("Only operations write releases/") for each in answer.notes), answer.notes
        assert_whole(publisher, fork)


def test_a_new_environment_that_was_merged_before_a_rollback_gets_its_manifests(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        text = developer.read("envs/prod.py").replace('name="prod"', 'name="demo"').replace("shop.ex", "demo.ex")
        developer.push("Demo", {"envs/demo.py": text})
        ask(publisher, "rollback", environment="staging", service="search")
        publisher.publish()
        assert files(fork, "manifests/demo-apps")
        assert_whole(publisher, fork)
