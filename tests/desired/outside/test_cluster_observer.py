"""Reading clusters: what can be shown without one. `tests/e2e/operations` has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from desired.core.errors import Problem
from desired.outside.cluster_observer import ClusterObserver
from desired.publish.applied import PublishedCommits
from desired.publish.publisher import Publisher
from tests.desired.conftest import use
from tests.support.fork import Fork
from tests.support.people import Developer, ask, deploy

SLOT = "manifests/preprod-apps/apps/search-green"
BROKEN = '"""An environment that is broken."""\n\nraise ValueError("not now")\n'


@pytest.fixture(scope="module")
def published(template: Fork, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishedCommits]:
    """A clone in which nothing happens."""
    with pytest.MonkeyPatch.context() as patch:
        use(cache, patch)
        with template.copied(tmp_path_factory.mktemp("quiet") / "fork").publisher() as publisher:
            publisher.head()
            yield PublishedCommits(publisher.branches, publisher.sources)


@pytest.fixture
def publisher(fork: Fork) -> Iterator[Publisher]:
    """One who moves `live`."""
    with fork.publisher() as publisher:
        publisher.head()
        yield publisher


def published_by(publisher: Publisher) -> PublishedCommits:
    publisher.head()
    return PublishedCommits(publisher.branches, publisher.sources)


def kubeconfig(folder: Path, *contexts: str) -> Path:
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump({"contexts": [{"name": each} for each in contexts]}), encoding="utf-8")
    return file


def test_without_a_kubeconfig_nothing_is_seen(published: PublishedCommits) -> None:
    assert ClusterObserver(None, published).observe("prod") is None


def test_an_environment_without_contexts_is_not_seen(published: PublishedCommits, tmp_path: Path) -> None:
    assert ClusterObserver(kubeconfig(tmp_path, "preprod-apps", "prod-ops-old"), published).observe("prod") is None


@pytest.mark.parametrize("text", ["", "contexts: 3", "contexts: [{}]", "[", "a: b", "contexts: [prod-apps]", "\x00"])
def test_a_file_that_is_no_kubeconfig_is_named(published: PublishedCommits, tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Problem, match=f"{file} is not a kubeconfig with contexts"):
        ClusterObserver(file, published).observe("prod")


def test_a_kubeconfig_that_is_not_there_is_named(published: PublishedCommits, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"Cannot read .*nowhere: No such file or directory\. Pass another --kubeconfig"):
        ClusterObserver(tmp_path / "nowhere", published).observe("prod")


def test_a_machine_without_kubectl_is_told_to_install_it(
    published: PublishedCommits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters = ClusterObserver(kubeconfig(tmp_path, "prod-apps"), published)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match=r"Cannot find the command `kubectl`, which reads clusters\. Install it"):
        clusters.observe("prod")


def test_only_the_folders_that_changed_since_are_unlike_live(publisher: Publisher) -> None:
    before = publisher.head()
    after = deploy(publisher, "search", 2, "preprod", canary=True).commit
    published = published_by(publisher)
    unlike = published.folders_unlike_live(before)
    assert unlike is not None
    assert SLOT in unlike
    assert "manifests/preprod-apps/apps/basket-blue" not in unlike
    assert published.folders_unlike_live(after) == frozenset()


def test_of_a_commit_that_is_not_in_the_clone_nobody_knows(published: PublishedCommits) -> None:
    assert published.folders_unlike_live("") is None
    assert published.folders_unlike_live("1" * 40) is None
    with pytest.raises(Problem, match=r"prod-ops runs the commit 111111111111, which this clone does not have"):
        published.platform_digest("prod-ops", "1" * 40)


def test_the_oldest_commit_is_the_one_that_all_others_have_in_their_history(publisher: Publisher) -> None:
    first = publisher.head()
    second = deploy(publisher, "search", 2).commit
    third = ask(publisher, "hold", environment="staging", because="a release party", by="Ada").commit
    published = published_by(publisher)
    assert published.oldest({third, first, second}) == first
    assert published.oldest({second}) == second
    assert published.oldest(set()) == ""
    assert published.oldest({first, "1" * 40}) == ""


def test_a_cluster_that_stays_with_older_code_has_the_platform_of_that_code(fork: Fork, publisher: Publisher) -> None:
    good = publisher.head()
    Developer(fork).push("An environment that is broken", {"envs/shared.py": BROKEN})
    live = publisher.publish().commit
    assert published_by(publisher).platform_digest("preprod-ops", live) == publisher.sources.platform_digest(good)
    assert publisher.sources.platform_digest(live) != publisher.sources.platform_digest(good)
