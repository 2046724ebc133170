"""Ways to tamper with the log, each with what a clone finds that has never seen it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.past import Past, RawCommit

MANIFEST = "manifests/staging-apps/apps/ledger-blue/deployment-ledger-blue.yaml"
OTHER = "manifests/staging-apps/apps/basket-blue/deployment-basket-blue.yaml"
ROLLOUT, RELEASE = "releases/staging/rollouts/search.yaml", "releases/staging/ledger.yaml"
UNKNOWN = ""
"""In place of what is found: the commits hold together, so that only a memory, an anchor or a signature shows it."""


@dataclass(frozen=True)
class Tampering:
    """One way."""

    do: Callable[[Past], None]
    found: str
    """Words of what a fresh clone finds; `UNKNOWN` if it cannot know."""
    faithful: bool = True
    """Whether later commits name the new ids."""


WAYS: dict[str, Tampering] = {}


def _way(found: str, faithful: bool = True) -> Callable[[Callable[[Past], None]], Callable[[Past], None]]:
    def add(do: Callable[[Past], None]) -> Callable[[Past], None]:
        WAYS[do.__name__.replace("_", " ").strip()] = Tampering(do, found, faithful)
        return do

    return add


# What an entry says


@_way(UNKNOWN)
def another_reason(past: Past) -> None:
    past.one("k-ledger").say("Reason", "Nothing to see")


@_way(UNKNOWN)
def another_actor(past: Past) -> None:
    past.one("k40").replace("Ada <ada@example.com>", "Eve <eve@example.com>")


@_way("says that Eve")
def another_actor_than_the_author(past: Past) -> None:
    past.one("k40").say("Actor", "Eve <eve@example.com>")


@_way("is not what its operation makes")
def another_date_of_a_deploy(past: Past) -> None:
    _an_hour_earlier(past.one("k-ledger"))


@_way(UNKNOWN)
def another_date_of_a_canary(past: Past) -> None:
    _an_hour_earlier(past.one("k40"))


@_way(UNKNOWN)
def another_key(past: Past) -> None:
    past.one("k40").say("Key", "k41")


@_way("repeats the key k-deploy")
def the_key_of_another_operation(past: Past) -> None:
    past.one("k40").say("Key", "k-deploy")


@_way("is not a legal canary")
def an_observation_with_too_few_pods(past: Past) -> None:
    past.one("k-pre40").say("Observed", '{"ready":{"search-green":0}}')


@_way(UNKNOWN)
def an_observation_with_more_pods(past: Past) -> None:
    past.one("k-pre40").say("Observed", '{"ready":{"search-green":9}}')


@_way("is not a legal canary")
def no_observation(past: Past) -> None:
    past.one("k-pre40").say("Observed", None)


@_way(UNKNOWN)
def a_gate_that_was_passed_unobserved(past: Past) -> None:
    entry = past.one("k-pre40")
    entry.say("Observed", None)
    entry.say("Unobserved", "yes")
    entry.say("Reason", "No cluster")


@_way("is not what its operation makes")
def another_parameter(past: Past) -> None:
    past.one("k40").replace('"share": 40', '"share": 60')


@_way("needs repairs: manifests/staging-apps/apps/search/httproute-search.yaml")
def another_verb(past: Past) -> None:
    past.one("k40").say("Operation", "close")


@_way("releases/staging/rollouts/search.yaml")
def parameters_that_cannot_be_read(past: Past) -> None:
    past.one("k40").say("Parameters", "{")


@_way(UNKNOWN)
def another_revision_that_its_author_looked_at(past: Past) -> None:
    past.one("k40").say("Expected", past.commits[0].id)


@_way("was decided by rules 1")
def older_rules_under_which_it_was_legal_too(past: Past) -> None:
    past.one("k40").say("Rules", None)


@_way("newer version")
def rules_that_do_not_exist_yet(past: Past) -> None:
    past.one("k40").say("Rules", "99")


@_way("names the revision")
def another_revision(past: Past) -> None:
    past.one("k40").say("Revision", "1" * 40)


@_way("names the manifests")
def other_manifests(past: Past) -> None:
    past.one("k40").say("Manifests", "1" * 40)


@_way("does not name")
def an_entry_that_does_not_name_its_manifests(past: Past) -> None:
    past.one("k40").say("Manifests", None)


@_way("names other code")
def other_code(past: Past) -> None:
    broken = next(each for each in past.commits if each.text.endswith("\nBroken\n"))
    past.one("k-last").say("Code", json.dumps({"staging-apps": broken.id}))


@_way("names other code")
def code_that_is_not_said_to_be_older(past: Past) -> None:
    past.one("k-behind").say("Code", None)


@_way(UNKNOWN)
def a_live_by_hand_that_is_not_mentioned(past: Past) -> None:
    entry = next(each for each in past.commits if each.trailer("Was-Live"))
    entry.say("Was-Live", None)


# Which entries there are


@_way("needs repairs")
def an_operation_dropped(past: Past) -> None:
    past.commits.remove(past.one("k40"))


@_way(UNKNOWN)
def an_operation_dropped_with_all_that_it_did(past: Past) -> None:
    past.commits.remove(past.one("k-last"))


@_way("releases/staging/ledger.yaml is not what its operation makes")
def an_operation_whose_service_goes_back(past: Past) -> None:
    at = past.at("k-ledger")
    text = past.file(past.commits[at - 1], RELEASE)
    past.edit_from(at, {RELEASE: text})


@_way("needs repairs")
def two_operations_swapped(past: Past) -> None:
    one, two = past.at("k-pre"), past.at("k-pre40")
    past.commits[one], past.commits[two] = past.commits[two], past.commits[one]


@_way("hold")
def an_operation_inserted_that_did_nothing(past: Past) -> None:
    _operation(past, past.at("k-ledger"), "hold", {"environment": "staging", "because": "a long look", "by": "Eve"})


@_way("changes nothing")
def an_operation_inserted_that_changes_nothing(past: Past) -> None:
    parameters = {"environment": "staging", "service": "search", "share": 40}
    _operation(past, past.at("k40") + 1, "canary", parameters)


@_way("repeats the key k40")
def an_operation_twice(past: Past) -> None:
    at = past.at("k40")
    past.commits.insert(at + 1, RawCommit("", past.commits[at].text))


@_way("changes nothing")
def an_operation_replayed_with_another_key(past: Past) -> None:
    at = past.at("k40")
    past.commits.insert(at + 1, RawCommit("", past.commits[at].text))
    past.commits[at + 1].say("Key", "k-again")


@_way("needs repairs")
def a_repair_dropped(past: Past) -> None:
    past.commits.remove(past.one("repair"))


@_way("first publishing")
def a_forged_start(past: Past) -> None:
    past.one("k-ledger").say("Operation", "start")


@_way("first publishing")
def a_start_on_top(past: Past) -> None:
    past.add(len(past.commits), "Publish for the first time\n\nDesired-Operation: start")


@_way("begins the log anew")
def a_start_that_moved(past: Past) -> None:
    past.commits[0].text = past.commits[0].text.replace("Desired-", "Was-")
    past.one("k-ledger").say("Operation", "start")


@_way("begins the log anew")
def a_log_that_begins_anew_on_top_of_the_old_one(past: Past) -> None:
    for entry in past.commits[:-1]:
        entry.text = entry.text.replace("Desired-Operation", "Was-Operation") if entry.trailer("Key") else entry.text
    past.commits[0].say("Operation", "publish")
    past.commits[-1].say("Operation", "start")


@_way(UNKNOWN)
def a_log_that_begins_anew_with_all_in_one_commit(past: Past) -> None:
    first, last = past.commits[0], past.commits[-1]
    first.text = first.text.replace(first.tree, last.tree, 1)
    past.fix(first)
    past.commits[1:] = []


# What entries hold


@_way("is not what its operation makes")
def a_manifest_that_stays(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {MANIFEST: _port(past)})


@_way("is not what its operation makes")
def a_manifest_that_is_put_back_by_the_next_commit(past: Past) -> None:
    at = past.at("k-ledger")
    past.edit(past.commits[at], {MANIFEST: _port(past)}, fixed=True)


@_way("is not what its operation makes")
def a_manifest_that_is_put_back_by_hand(past: Past) -> None:
    at = past.at("k-ledger")
    past.add(at + 1, "Put back")
    past.edit(past.commits[at], {MANIFEST: _port(past)}, fixed=True)


@_way("is not what its operation makes")
def a_release_with_trailers_that_fit(past: Past) -> None:
    text = past.file(past.one("k-ledger"), RELEASE).replace("sha256:0", "sha256:d")
    past.edit_from(past.at("k-ledger"), {RELEASE: text})


@_way("is not what its operation makes")
def a_mode(past: Past) -> None:
    text = past.blob(past.file(past.one("k-ledger"), MANIFEST))
    past.edit_from(past.at("k-ledger"), {MANIFEST: ("100755", text)})


@_way("is not what its operation makes")
def a_link(past: Past) -> None:
    text = past.blob(past.file(past.one("k-ledger"), MANIFEST))
    past.edit_from(past.at("k-ledger"), {MANIFEST: ("120000", text)})


@_way("is not what its operation makes")
def a_submodule(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {"manifests/staging-apps/module": ("160000", past.commits[0].id)})


@_way("is not what its operation makes")
def one_more_manifest(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {"manifests/staging-apps/more.yaml": "kind: Secret\n"})


@_way("is not what its operation makes")
def one_manifest_less(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {OTHER: None})


@_way("is not what its operation makes")
def one_more_release(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {"releases/staging/more.txt": "x\n"})


@_way("needs repairs")
def an_edit_in_a_publishing(past: Past) -> None:
    past.edit_from(past.at("publish"), {OTHER: None})


@_way("needs repairs")
def an_edit_in_a_repair(past: Past) -> None:
    past.edit_from(past.at("repair"), {OTHER: None})


@_way("changes README.md")
def another_file_in_an_operation(past: Past) -> None:
    past.edit_from(past.at("k-ledger"), {"README.md": "Evil.\n"})


@_way("changes apps/basket.py")
def code_in_an_operation(past: Past) -> None:
    text = past.file(past.one("k-ledger"), "apps/basket.py")
    past.edit_from(past.at("k-ledger"), {"apps/basket.py": f"# Evil.\n{text}"})


@_way("changes apps/basket.py")
def code_in_a_repair(past: Past) -> None:
    text = past.file(past.one("repair"), "apps/basket.py")
    past.edit_from(past.at("repair"), {"apps/basket.py": f"# Evil.\n{text}"})


@_way("is not what its parents have together")
def code_in_a_merge(past: Past) -> None:
    at = next(number for number, each in enumerate(past.commits) if len(each.parents) > 1)
    text = past.file(past.commits[at], "apps/basket.py")
    past.edit_from(at, {"apps/basket.py": f"# Evil.\n{text}"})


@_way("parents")
def one_more_parent_of_an_operation(past: Past) -> None:
    entry = past.one("k-ledger")
    parent = f"parent {entry.parents[0]}\n"
    entry.replace(parent, f"{parent}parent {past.commits[0].id}\n")


@_way("changes more.md")
def a_publishing_without_its_second_parent(past: Past) -> None:
    entry = next(each for each in past.commits if len(each.parents) > 1)
    entry.replace(f"parent {entry.parents[1]}\n", "")


# Commits of people between entries


@_way("needs repairs")
def an_edit_between_entries(past: Past) -> None:
    at = past.at("k-ledger")
    past.edit(past.add(at, "Mine"), {OTHER: None})
    past.edit_from(at + 1, {OTHER: None})


@_way("needs repairs")
def an_edit_on_top(past: Past) -> None:
    past.edit(past.add(len(past.commits), "Mine"), {OTHER: None})


@_way("needs repairs")
def an_edit_under_an_invented_name(past: Past) -> None:
    past.edit(past.add(len(past.commits), "Fix\n\nDesired-Operation: publish"), {RELEASE: None})


def _an_hour_earlier(entry: RawCommit) -> None:
    for who in ("author", "committer"):
        line = next(each for each in entry.text.split("\n") if each.startswith(f"{who} "))
        head, seconds, zone = line.rsplit(" ", 2)
        entry.replace(line, f"{head} {int(seconds) - 3600} {zone}")


def _port(past: Past) -> str:
    return past.file(past.one("k-ledger"), MANIFEST).replace("8080", "6666")


def _operation(past: Past, at: int, verb: str, parameters: dict[str, object]) -> None:
    before = past.commits[at - 1]
    names = {
        "Operation": verb,
        "Parameters": json.dumps(parameters),
        "Actor": "Eve <eve@example.com>",
        "Expected": before.id,
        "Revision": before.trailer("Revision"),
        "Key": "k-eve",
        "Rules": "2",
        "Manifests": before.trailer("Manifests"),
        "Code": before.trailer("Code"),
    }
    lines = "".join(f"Desired-{name}: {value}\n" for name, value in names.items() if value)
    past.fix(past.add(at, f"An operation\n\n{lines}".rstrip()))
