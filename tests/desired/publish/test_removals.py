"""Publishing says which objects leave a cluster by what people merged."""

from __future__ import annotations

from tests.support.fork import Fork, git
from tests.support.people import Developer, ask, deploy


def said(notes: tuple[str, ...]) -> list[str]:
    return [note for note in notes if ": removes " in note]


def without_alerts(developer: Developer) -> dict[str, str | None]:
    """A merge of a component's code that no longer makes the alerts of Flux."""
    path = "constructs_lib/platform/gitops.py"
    text = developer.read(path)
    return {path: text.replace("        self._alert(environment, environment.cluster_name(role))\n", "")}


def test_code_that_no_longer_makes_objects_says_for_each_cluster_which_ones(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        developer.push("No alerts", without_alerts(developer))
        notes = said(publisher.publish().notes)
        assert sorted(notes) == [
            f"{name}-{role}: removes Alert alerts and Provider alerts"
            for name in ("preprod", "prod", "staging")
            for role in ("apps", "ops")
        ]
        assert notes[0][1:] in git(fork.remote, "log", "-1", "--format=%B", "live"), "the commit says so too"
        assert said(publisher.publish().notes) == [], "nothing new leaves"


def test_what_a_person_removed_with_the_code_that_made_it_is_said_too(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        publisher.publish()
        files = without_alerts(developer)
        folder = "manifests/staging-ops/platform/gitops"
        files |= {f"{folder}/alert-alerts.yaml": None, f"{folder}/provider-alerts.yaml": None}
        developer.push("No alerts", files)
        assert "staging-ops: removes Alert alerts and Provider alerts" in said(publisher.publish().notes)


def test_many_objects_are_counted(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        path = "envs/compose.py"
        text = developer.read(path)
        line = '        Component(name="operators", made_by=f"{_LIBRARY}.operators:Operators"),\n'
        developer.push("No operators", {path: text.replace(line, "")})
        notes = said(publisher.publish().notes)
        names = "HelmRelease cert-manager, HelmRelease cloudnative-pg, HelmRelease envoy-gateway"
        assert notes[0] == f"preprod-apps: removes {names} and 10 more"


def test_an_operation_says_what_leaves_by_a_merge_that_it_brings_along_and_not_what_it_removes(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        answer = ask(publisher, "close", environment="staging", service="search")
        assert said(answer.notes) == [], "its title says it"
        developer.push("No alerts", without_alerts(developer))
        answer = deploy(publisher, "search", 3)
        assert "staging-apps: removes Alert alerts and Provider alerts" in said(answer.notes)


def test_an_object_that_moves_to_another_file_stays(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        path = "envs/compose.py"
        text = developer.read(path)
        developer.push("Other name", {path: text.replace('name="priorities"', 'name="ranks"')})
        answer = publisher.publish()
        assert any("/platform/ranks/" in each for each in answer.changes)
        assert not [note for note in said(answer.notes) if "PriorityClass" in note]
        assert said(answer.notes)[0].endswith("removes Kustomization platform-priorities")


def test_a_manifest_that_a_person_deleted_comes_back_and_is_not_said(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        developer.push("by hand", {"manifests/staging-apps/platform/gitops/alert-alerts.yaml": None})
        assert said(publisher.publish().notes) == []
        assert git(fork.remote, "show", "live:manifests/staging-apps/platform/gitops/alert-alerts.yaml")
