"""A service whose file in `apps/` was renamed or deleted while it runs."""

from __future__ import annotations

import pytest

from desired.core.errors import Refused
from desired.publish.verify import verify
from tests.support.fork import Fork, git, image
from tests.support.people import Developer, ask, deploy


def renamed(developer: Developer, **also: str) -> dict[str, str | None]:
    """The files of a merge that renames the service search to finder."""
    text = developer.read("apps/search.py").replace('name="search"', 'name="finder"')
    return {"apps/search.py": None, "apps/finder.py": text, **also}


def test_another_clone_finds_an_operation_right_that_was_done_before_the_merge_was_published(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher, fork.publisher("other") as other:
        other.publish()
        developer.push("finder", {"apps/finder.py": renamed(developer)["apps/finder.py"]})
        build = {"image": image("search", 2), "ref": "main"}
        done = ask(publisher, "deploy", environment="staging", services={"finder": build}, specs_at=publisher.head())
        main, live = other.tips()
        assert other.log_tip(main, live).commit == done.commit


def test_a_deploy_under_the_new_name_says_why_the_newer_code_is_not_used(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        published = fork.tip("live")
        merged = developer.push("finder", renamed(developer))
        (said,) = publisher.publish().unused
        assert said == (
            f"staging-apps stays with the code of {published[:12]}: staging-apps with the commit {merged[:12]}: "
            f"releases/staging/search.yaml: search runs in staging, but apps/search.py is gone. Put the file back "
            f"until you have retired search, also if you renamed it"
        )
        build = {"finder": {"image": image("search", 2), "ref": "main"}}
        with pytest.raises(Refused) as refused:
            ask(publisher, "deploy", environment="staging", services=build, specs_at=publisher.head())
        assert refused.value.sentences == (
            f"Cannot run finder in staging: the code that is in use there has no apps/finder.py. {said}",
        )


def test_both_names_run_side_by_side_and_then_the_old_one_is_retired(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        old = developer.read("apps/search.py")
        developer.push("finder", renamed(developer))
        publisher.publish()
        developer.push("Both", {"apps/search.py": old})
        assert publisher.publish().unused == ()
        build = {"finder": {"image": image("search", 2), "ref": "main"}}
        ask(publisher, "deploy", environment="staging", services=build, specs_at=publisher.head())
        for environment in ("preprod", "staging"):
            about = {"unobserved": True, "reason": "no cluster in this test"}
            ask(publisher, "retire", environment=environment, service="search", **about)
        developer.push("finder alone", {"apps/search.py": None})
        assert publisher.publish().unused == ()
        publisher.head()
        assert verify(publisher).problems == ()


def test_a_service_whose_file_is_gone_goes_on_by_the_code_that_still_has_it(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        developer.push("No search", {"apps/search.py": None})
        publisher.publish()
        about = {"environment": "staging", "service": "search"}
        ask(publisher, "canary", share=100, **about)
        ask(publisher, "finalize", **about)
        ask(publisher, "close", **about)
        deploy(publisher, "basket", 2)
        publisher.head()
        assert verify(publisher).problems == ()


def test_a_promotion_takes_the_specs_that_ran(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2)
        developer.push("No search", {"apps/search.py": None})
        publisher.publish()
        ask(publisher, "promote", environment="preprod", source="staging", recipe=publisher.head())
        assert "owner: team-a" in git(fork.remote, "show", "live:releases/preprod/search.yaml")
        publisher.head()
        assert verify(publisher).problems == ()


def test_a_deploy_brings_in_the_code_that_waits_for_it(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher, fork.publisher("other") as other:
        other.publish()
        text = developer.read("apps/reviews.py").replace('name="reviews"', 'name="ratings"')
        caller = developer.read("apps/search.py").replace('"reviews"', '"ratings"')
        merged = developer.push("ratings, and its caller", {"apps/ratings.py": text, "apps/search.py": caller})
        (said,) = publisher.publish().unused
        assert "search: depends on ratings, which does not run here; deploy it first" in said
        build = {"ratings": {"image": image("reviews", 2), "ref": "main"}}
        answer = ask(publisher, "deploy", environment="staging", services=build, specs_at=publisher.head())
        assert answer.unused == ()
        assert said not in answer.notes
        assert "Desired-Code" not in git(fork.remote, "log", "-1", "--format=%B", "live")
        made = "manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml"
        assert "RATINGS_ADDR" in git(fork.remote, "show", f"live:{made}")
        assert publisher.publish().status == "unchanged"
        publisher.head()
        assert verify(publisher).problems == ()
        main, live = other.tips()
        assert other.log_tip(main, live).commit == answer.commit != merged


def test_a_deploy_that_does_not_help_newer_code_goes_on_with_the_older_one(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        caller = developer.read("apps/search.py").replace('"reviews"', '"ratings"')
        developer.push("The caller alone", {"apps/search.py": caller})
        (said,) = publisher.publish().unused
        answer = deploy(publisher, "basket", 2)
        assert answer.unused == (said,)
        publisher.head()
        assert verify(publisher).problems == ()
