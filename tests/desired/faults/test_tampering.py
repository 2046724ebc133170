"""`verify` finds every tampering with the log, and nothing in histories that are legal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from desired.core.errors import Problem
from desired.publish.publisher import Publisher
from desired.publish.verify import verify
from tests.desired.conftest import use
from tests.support.crowd import OBSERVED
from tests.support.fork import Fork, git
from tests.support.past import Past
from tests.support.people import Developer, ask, deploy, intent
from tests.support.tampering import UNKNOWN, WAYS

_MEMORY = "refs/desired/remotes/origin/live"


@dataclass(frozen=True)
class Place:
    """A log with an entry of every kind, and a clone that looks at it."""

    fork: Fork
    looking: Publisher
    start: str
    live: str

    def found(self, remembers: bool) -> list[str]:
        """What `verify` finds, in a clone that has checked the log or in one that has never seen it.

        What a later publishing has put right is found too; what was on live by hand is in this log from the beginning.
        """
        folder = self.fork.folder / "looking"
        git(folder, "update-ref", *(() if remembers else ("-d",)), _MEMORY, *((self.live,) if remembers else ()))
        self.looking.branches.refresh()
        try:
            report = verify(self.looking)
            return [*report.problems, *(each for each in report.repaired if "put there by hand" not in each)]
        except Problem as problem:
            return [str(problem)]


@pytest.fixture(scope="module")
def place(template: Fork, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        use(cache, patch)
        fork = template.copied(tmp_path_factory.mktemp("tampering") / "fork")
        start = fork.tip("live")
        with fork.publisher() as publisher:
            _a_log_with_everything(fork, publisher)
        with fork.publisher("looking") as looking:
            yield Place(fork, looking, start, fork.tip("live"))


def _a_log_with_everything(fork: Fork, publisher: Publisher) -> None:
    developer, colleague = Developer(fork), Developer(fork, "colleague")
    deploy(publisher, "search", 2, canary=True, key="k-deploy")
    ask(publisher, "canary", environment="staging", service="search", share=40, key="k40")
    text = developer.read("releases/preprod/basket.yaml")
    developer.push("By hand", {"releases/preprod/basket.yaml": text.replace("sha256:0", "sha256:d")})
    publisher.publish()
    deploy(publisher, "ledger", 5, key="k-ledger", reason="A new ledger")
    deploy(publisher, "search", 2, "preprod", canary=True, key="k-pre")
    wanted = intent(publisher, "canary", environment="preprod", service="search", share=40, key="k-pre40")
    publisher.perform(wanted, lambda _: OBSERVED)
    _an_everyday_merge(colleague)
    git(colleague.folder, "push", "-q", "origin", "HEAD:main")
    publisher.publish()
    developer.push("By hand on live", {"README.md": "On live.\n"})
    developer.read("README.md")
    (developer.folder / "docs.md").write_text("By hand.\n")
    git(developer.folder, "add", "-A")
    git(developer.folder, "commit", "-q", "-m", "On live alone")
    git(developer.folder, "push", "-q", "origin", "HEAD:live")
    publisher.publish()
    search = developer.read("apps/search.py")
    developer.push("Broken", {"apps/search.py": search.replace("owner=", "no_such_field=")})
    publisher.publish()
    ask(publisher, "canary", environment="staging", service="search", share=60, key="k-behind")
    developer.push("Right", {"apps/search.py": search})
    publisher.publish()
    deploy(publisher, "basket", 3, key="k-last")


def _an_everyday_merge(person: Developer) -> None:
    git(person.folder, "reset", "-q", "--hard", "origin/main")
    (person.folder / "more.md").write_text("More.\n")
    git(person.folder, "add", "-A")
    git(person.folder, "commit", "-q", "-m", "More")
    git(person.folder, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")


@pytest.fixture
def tampered(place: Place, request: pytest.FixtureRequest) -> Iterator[None]:
    past = Past.of(place.fork, place.start, place.live)
    way = WAYS[request.param]
    way.do(past)
    past.push(past.write(way.faithful))
    yield
    past.push(place.live)


@pytest.mark.parametrize("tampered", WAYS, indirect=True)
def test_a_clone_that_remembers_finds_every_tampering(place: Place, tampered: None) -> None:
    assert place.found(remembers=True)


@pytest.mark.parametrize(
    ("tampered", "found"), [(name, way.found) for name, way in WAYS.items()], indirect=["tampered"]
)
def test_a_fresh_clone_finds_what_the_commits_themselves_show(place: Place, tampered: None, found: str) -> None:
    problems = place.found(remembers=False)
    assert any(found in each for each in problems) if found != UNKNOWN else problems == [], problems


def test_nothing_is_found_where_nobody_tampered(place: Place) -> None:
    assert place.found(remembers=True) == place.found(remembers=False) == []


@pytest.mark.parametrize("branches", [("live",), ("main", "live")])
@pytest.mark.parametrize("back", [1, 3])
def test_a_live_that_is_set_back_is_found_by_a_clone_that_remembers(
    place: Place, branches: tuple[str, ...], back: int
) -> None:
    past = Past.of(place.fork, place.start, place.live)
    past.push(past.commits[-1 - back].id, *branches)
    try:
        assert any("set back" in each for each in place.found(remembers=True))
        assert place.found(remembers=False) == []
    finally:
        past.push(place.live)


def test_a_live_that_is_deleted_is_found(place: Place) -> None:
    past = Past.of(place.fork, place.start, place.live)
    past.push(None, "live")
    try:
        assert any("live was deleted" in each for each in place.found(remembers=True))
        assert any("Nothing is published" in each for each in place.found(remembers=False))
    finally:
        past.push(place.live)


# Legal histories


def _rollback_that_reads_no_new_code(publisher: Publisher, developer: Developer) -> None:
    deploy(publisher, "search", 2, canary=True)
    developer.push("Code", {"apps/basket.py": f"# More.\n{developer.read('apps/basket.py')}"})
    ask(publisher, "rollback", environment="staging", service="search")


def _holds_and_undo(publisher: Publisher, developer: Developer) -> None:
    ask(publisher, "hold", environment="staging", service="search", because="a long look", by="Ada")
    ask(publisher, "unhold", environment="staging", service="search")
    deploy(publisher, "ledger", 2)
    ask(publisher, "undo", environment="staging", commit=publisher.head())


def _promotion(publisher: Publisher, developer: Developer) -> None:
    deploy(publisher, "ledger", 2)
    developer.push("A document", {"more.md": "More.\n"})
    ask(publisher, "promote", environment="preprod", source="staging", recipe=publisher.head())
    ask(publisher, "close", environment="preprod", service="ledger")


def _retirement_and_return(publisher: Publisher, developer: Developer) -> None:
    ran = publisher.head()
    because = {"unobserved": True, "reason": "No cluster"}
    ask(publisher, "retire", environment="preprod", service="search", **because)
    ask(publisher, "restore", environment="preprod", service="search", at=ran, **because)


def _whole_rollout(publisher: Publisher, developer: Developer) -> None:
    deploy(publisher, "search", 2, canary=True)
    for verb, more in (("canary", {"share": 100}), ("finalize", {}), ("rollback", {}), ("close", {})):
        ask(publisher, verb, environment="staging", service="search", **more)


def _merge_by_a_colleague(publisher: Publisher, developer: Developer) -> None:
    developer.read("README.md")
    deploy(publisher, "ledger", 2)
    _an_everyday_merge(developer)
    git(developer.folder, "push", "-q", "origin", "HEAD:main")
    deploy(publisher, "search", 2)


def _edit_on_live(publisher: Publisher, developer: Developer) -> None:
    text = developer.read("releases/preprod/search.yaml")
    developer.push("Mine", {"releases/preprod/search.yaml": text.replace("sha256:0", "sha256:d")})
    git(developer.folder, "push", "-q", "origin", "HEAD:live")
    deploy(publisher, "ledger", 2)


def _branches_set_back(publisher: Publisher, developer: Developer) -> None:
    developer.read("README.md")
    deploy(publisher, "ledger", 2)
    git(developer.folder, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    deploy(publisher, "search", 2)


def _live_deleted(publisher: Publisher, developer: Developer) -> None:
    deploy(publisher, "ledger", 2)
    git(developer.folder, "push", "-q", "origin", ":live")
    publisher.publish()


def _code_that_cannot_be_used(publisher: Publisher, developer: Developer) -> None:
    text = developer.read("apps/search.py")
    developer.push("Broken", {"apps/search.py": text.replace("owner=", "no_such_field=")})
    ask(publisher, "hold", environment="preprod", service="search", because="a long look", by="Ada")
    developer.push("Right", {"apps/search.py": text})
    publisher.publish()


_LEGAL = (
    *(_rollback_that_reads_no_new_code, _holds_and_undo, _promotion, _retirement_and_return, _whole_rollout),
    *(_merge_by_a_colleague, _edit_on_live, _branches_set_back, _live_deleted, _code_that_cannot_be_used),
)


@pytest.mark.parametrize("do", _LEGAL, ids=lambda do: do.__name__.strip("_"))
def test_nothing_is_found_in_a_legal_history(fork: Fork, do: Callable[[Publisher, Developer], None]) -> None:
    with fork.publisher() as publisher, fork.publisher("other") as other:
        other.publish()
        do(publisher, Developer(fork))
        publisher.publish()
        for each in (publisher, other):
            each.branches.refresh()
            report = verify(each)
            assert report.problems == ()
            assert all("put there by hand" in line for line in report.repaired)
        assert other.publish().status == "unchanged"
