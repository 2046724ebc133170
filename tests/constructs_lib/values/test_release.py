"""The files of `releases/`."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Pin, Release, Rollout, Slot, Version
from constructs_lib.values import Value
from constructs_lib.values.release import other, short_digest, version_number
from tests.support.mistakes import IMAGE, SERVICE, by_sentence, mistake

VERSION: dict[str, Any] = {"image": IMAGE, "since": "2026-11-02T09:30:00Z"}
RELEASE: dict[str, Any] = {"schema": 1, "stable": "blue", "slots": {"blue": VERSION}}
ROLLOUT: dict[str, Any] = {"schema": 1, "phase": "open", "share": 40, "members": {"checkout": "green"}}
PIN: dict[str, Any] = {"schema": 1, "commit": "a" * 40}
NAME = "a name: lower-case letters, digits and '-', at most 63, beginning with a letter"
BY_DIGEST = "an image by digest, 'repository@sha256:' and 64 hexadecimal digits; a tag such as 'latest' can change"
TIME = "a time in UTC, such as '2026-11-02T09:30:00Z'"


@pytest.mark.parametrize(("slot", "opposite"), [("blue", "green"), ("green", "blue")])
def test_there_are_two_slots(slot: Slot, opposite: Slot) -> None:
    assert other(slot) == opposite


def test_an_image_is_told_apart_by_twelve_digits_of_its_digest_also_if_that_is_a_placeholder() -> None:
    digests = {"ab" * 32: "ab" * 6, "0" * 11 + "1" * 53: "0" * 11 + "1", "0" * 56 + "1246d186": "00001246d186"}
    assert {digest: short_digest(f"example.com/x@sha256:{digest}") for digest in digests} == digests


@pytest.mark.parametrize("ref", ["2.2.0", "v1.2.3", "2026.11", "1.0.0-rc1", "1.0+5"])
def test_a_ref_that_is_a_number_names_one_version(ref: str) -> None:
    assert version_number(ref) == ref


@pytest.mark.parametrize("ref", ["", "main", "release-1.2", "v2", "7", "1.2 3", "1.2\n", "feature/1.2", "1.2/x"])
def test_a_ref_that_may_be_a_branch_names_none(ref: str) -> None:
    assert version_number(ref) == ""


@pytest.mark.parametrize(
    ("model", "file"),
    [
        (Release, RELEASE),
        (Release, {**RELEASE, "slots": {"green": {**VERSION, "spec": {"schema": 1, **SERVICE}}, "blue": VERSION}}),
        (Release, {**RELEASE, "slots": {"blue": {**VERSION, "commit": "abc1234", "ref": "main"}}}),
        (Rollout, ROLLOUT),
        (Rollout, {**ROLLOUT, "phase": "finalized", "share": 100}),
        (Pin, PIN),
        (Pin, {**PIN, "commit": "b" * 64, "tag": "platform-v12"}),
    ],
    ids=["a release", "two slots", "a commit", "a rollout", "a finalized one", "a pin", "a tag"],
)
def test_a_file_is_read(model: type[Value], file: dict[str, Any]) -> None:
    assert (
        model.model_validate(file).model_dump(mode="json", exclude_defaults=True, by_alias=True).keys() == file.keys()
    )


@pytest.mark.parametrize(
    ("model", "file", "sentence"),
    [
        (Release, {**RELEASE, "schema": 2}, "schema must be 1, got 2"),
        (Release, {**RELEASE, "schema": True}, "schema must be a whole number, got True"),
        (Release, {"stable": "blue", "slots": {"blue": VERSION}}, "schema must be given"),
        (
            Release,
            {**RELEASE, "stable": "green"},
            "slots must hold the stable one, got stable 'green' and slots ['blue']",
        ),
        (Release, {**RELEASE, "stable": "red"}, "stable must be 'blue' or 'green', got 'red'"),
        (Release, {**RELEASE, "slots": {}}, "slots must hold the stable one, got stable 'blue' and slots []"),
        (Release, {**RELEASE, "slots": {"blue": 5}}, "slots.blue must be Version(…), got 5"),
        (Release, {**RELEASE, "share": 5}, "Release has no field `share`; it has schema, stable, slots"),
        (
            Release,
            {**RELEASE, "slots": {"blue": VERSION, "red": VERSION}},
            "each key of slots must be 'blue' or 'green', got 'red'",
        ),
        (
            Release,
            {**RELEASE, "slots": {"blue": {**VERSION, "image": "a:1"}}},
            f"slots.blue.image must be {BY_DIGEST}, got 'a:1'",
        ),
        (
            Release,
            {**RELEASE, "slots": {"blue": {**VERSION, "spec": {**SERVICE, "hedging": 1}}}},
            "slots.blue.spec has no field `hedging`; leave it out",
        ),
        (
            Release,
            {**RELEASE, "slots": {"blue": {**VERSION, "spec": {**SERVICE, "schema": 2}}}},
            "slots.blue.spec: schema must be 1, got 2; a newer platform wrote it",
        ),
        (Rollout, {**ROLLOUT, "share": 101}, "share must be at most 100, got 101"),
        (Rollout, {**ROLLOUT, "share": -1}, "share must be at least 0, got -1"),
        (Rollout, {**ROLLOUT, "share": "40"}, "share must be a whole number, got '40'"),
        (Rollout, {**ROLLOUT, "phase": "closed"}, "phase must be 'open' or 'finalized', got 'closed'"),
        (Rollout, {**ROLLOUT, "members": {"checkout": "red"}}, "members.checkout must be 'blue' or 'green', got 'red'"),
        (Rollout, {**ROLLOUT, "members": {"Checkout": "blue"}}, f"each key of members must be {NAME}, got 'Checkout'"),
        (
            Rollout,
            {**ROLLOUT, "members": {}},
            "members must name at least one service; remove the file if none is left",
        ),
        (
            Pin,
            {**PIN, "commit": "abc1234"},
            "commit must be the whole id of a commit: 40 to 64 hexadecimal digits, got 'abc1234'",
        ),
        (
            Pin,
            {**PIN, "commit": "main"},
            "commit must be the whole id of a commit: 40 to 64 hexadecimal digits, got 'main'",
        ),
        (
            Version,
            {**VERSION, "commit": "HEAD"},
            "Version.commit must be the id of a commit: 7 to 64 hexadecimal digits, got 'HEAD'",
        ),
        *(
            (Version, {**VERSION, "since": since}, f"Version.since must be {TIME}, got {since!r}")
            for since in (
                "",
                "2026-11-02",
                "2026-13-02T09:30:00Z",
                "2026-11-02T24:30:00Z",
                "2026-11-02T09:30:00+01:00",
                "٢٠٢٦-11-02T09:30:00Z",
                "2026-11-02T09:30:00Z\n",
            )
        ),
    ],
    ids=by_sentence,
)
def test_a_file_that_cannot_be_is_refused(model: type[Value], file: dict[str, Any], sentence: str) -> None:
    assert mistake(model, file) == sentence
