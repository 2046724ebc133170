"""An operation in its commit's message, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from desired.core.apply import apply
from desired.core.model import Observation
from desired.core.operations import OPERATION, RULES, Intent, Operation
from desired.history import commit_message as log
from desired.history import release_files as files
from tests.support.fleet_states import ADA, Fleet, build, commit_of, image, intent
from tests.support.strategies import ANY_TEXT, NAMES

COMMITS = st.integers(0, 99).map(commit_of)
HOSTILE = st.sampled_from([
    "fine\nDesired-Unobserved: yes", "\n\nDesired-Key: other", "a: b\r\nDesired-Actor: Eve <eve@example.com>",
    "Desired-Operation: repair", "\u2028Desired-Key: other", "\u0085Desired-Key: other", "\x0bDesired-Key: other",
    "\x1cDesired-Key: x", "\x00", "\ud800", "\u202egnp.exe", "  spaces  ", "\u00e9\u0301", "😀 ünï", "--upload-pack=x",
    "../../etc/passwd", "Eve <eve@example.com>", "<>", "'; drop table", "{0.__class__}", "%x00%H", "\\n", "x" * 600,
])  # fmt: skip
TEXT = HOSTILE | ANY_TEXT | st.builds("{}{}".format, ANY_TEXT, HOSTILE)
HOSTILE_NAMES = NAMES | NAMES | TEXT
BUILDS = st.fixed_dictionaries(
    {"image": st.sampled_from([image("shop"), image("cart", 2)])},
    optional={"commit": st.sampled_from([commit_of(1), "9f3c2e1"]), "ref": st.just("main") | TEXT},
)
SIGNER = "ada@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
TIMES = st.sampled_from([None, "2026-11-02T09:30:00Z"])
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "deploy": {"services": st.dictionaries(HOSTILE_NAMES, BUILDS, min_size=1, max_size=3), "specs_at": COMMITS,
               "canary": st.booleans(), "name": st.none() | HOSTILE_NAMES,
               "first": st.lists(HOSTILE_NAMES, max_size=2)},
    "canary": {"service": HOSTILE_NAMES, "share": st.integers(0, 100)},
    "finalize": {"service": HOSTILE_NAMES},
    "rollback": {"service": HOSTILE_NAMES},
    "reset": {"to": COMMITS, "services": st.lists(HOSTILE_NAMES, max_size=2)},
    "close": {"service": HOSTILE_NAMES},
    "promote": {"source": HOSTILE_NAMES, "recipe": COMMITS, "without": st.lists(HOSTILE_NAMES, max_size=2),
                "name": st.none() | HOSTILE_NAMES},
    "platform": {"tag": st.sampled_from(["v1", "2026.11.02"]) | TEXT, "commit": COMMITS},
    "hold": {"service": st.none() | HOSTILE_NAMES, "because": st.just("the fair is on") | TEXT, "by": TEXT,
             "until": TIMES},
    "unhold": {"service": st.none() | HOSTILE_NAMES},
    "signers": {"signers": st.lists(st.just(SIGNER) | TEXT, max_size=2)},
    "undo": {"commit": COMMITS | TEXT},
    "retire": {"service": HOSTILE_NAMES},
    "restore": {"service": HOSTILE_NAMES, "at": COMMITS},
}  # fmt: skip
PLAIN: dict[str, dict[str, Any]] = {
    "deploy": {"services": {"shop": {"image": image("shop")}}, "specs_at": commit_of(1)},
    "canary": {"service": "shop", "share": 0},
    "reset": {"to": commit_of(1)},
    "promote": {"source": "lab", "recipe": commit_of(1)},
    "platform": {"tag": "v1", "commit": commit_of(1)},
    "signers": {"signers": [SIGNER]},
    "hold": {"because": "the fair is on", "by": "Ada"},
    "unhold": {},
    "undo": {"commit": commit_of(1)},
    "restore": {"service": "shop", "at": commit_of(1)},
}
LOOKS = st.none() | st.builds(
    Observation,
    ready=st.none() | st.dictionaries(NAMES, st.integers(), max_size=2),
    requests=st.none() | st.dictionaries(NAMES, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
    applied=st.sampled_from(["", commit_of(3)]),
    healthy_platform=st.sampled_from(["", commit_of(4)]),
)
SAID = st.lists(
    st.sampled_from(["skipped, as they are the same: cart", "Desired-Key: forged", "quotes is new"]), max_size=3
)


def test_the_strategies_know_every_operation() -> None:
    verbs = {each.model_fields["verb"].default for each in _models()}
    assert set(FIELDS) == verbs
    assert all(
        set(FIELDS[each.model_fields["verb"].default]) == set(each.model_fields) - {"verb", "environment"}
        for each in _models()
    )


def _models() -> tuple[type[BaseModel], ...]:
    return get_args(get_args(Operation)[0])


@pytest.mark.parametrize("verb", FIELDS)
@settings(max_examples=60)
@given(data=st.data())
def test_an_operation_is_read_back_as_it_was_or_is_none(verb: str, data: st.DataObject) -> None:
    fields = data.draw(st.fixed_dictionaries({"environment": HOSTILE_NAMES, **FIELDS[verb]}))
    try:
        operation = OPERATION.validate_python({"verb": verb, **fields})
    except ValidationError:
        return
    intent = Intent(operation=operation, actor=ADA, expected=commit_of(0), key="a-key")
    read_back(intent, data.draw(LOOKS), tuple(data.draw(SAID)))


@settings(max_examples=300)
@given(actor=st.just(ADA) | st.builds("{} <{}>".format, TEXT, st.just("a@example.com") | TEXT) | TEXT,
       reason=st.just("") | TEXT, key=st.just("a-key") | TEXT, expected=COMMITS | TEXT,
       unobserved=st.booleans())  # fmt: skip
def test_who_and_why_are_read_back_as_they_were_or_are_refused(
    actor: str, reason: str, key: str, expected: str, unobserved: bool
) -> None:
    try:
        intent = Intent(
            operation=_operation("unhold"),
            actor=actor,
            reason=reason,
            key=key,
            expected=expected,
            unobserved=unobserved,
        )
    except ValidationError:
        return
    read_back(intent, None, ())


FORGED: dict[str, Callable[[str], dict[str, str]]] = {
    "actor": lambda text: {"actor": f"Ada{text} <ada@example.com>"},
    "address": lambda text: {"actor": f"Ada <ada{text}@example.com>"},
    "reason": lambda text: {"reason": f"errors{text}"},
    "key": lambda text: {"key": f"key{text}"},
    "expected": lambda text: {"expected": commit_of(0) + text},
}


@pytest.mark.parametrize("field", FORGED)
@pytest.mark.parametrize(
    "separator", ["\n", "\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\0"]
)
def test_a_trailer_in_a_field_is_refused(field: str, separator: str) -> None:
    given = {
        "actor": ADA,
        "expected": commit_of(0),
        "key": "a-key",
        **FORGED[field](f"{separator}Desired-Unobserved:yes"),
    }
    with pytest.raises(ValidationError):
        Intent(operation=_operation("unhold"), **given)


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_a_new_line_ends_a_trailer(separator: str) -> None:
    reason = f"errors{separator}Desired-Key: other"
    assert log.trailers(f"First\n\nDesired-Reason: {reason}\n") == {"Desired-Reason": reason}


@pytest.mark.parametrize(
    "reason", ["Desired-Key: other", "Desired-Operation: repair", "a: b: c", "ends with a colon:", "ünï 😀"]
)
def test_a_reason_that_looks_like_a_trailer_is_a_reason(reason: str) -> None:
    intent = Intent(operation=_operation("unhold"), actor=ADA, expected=commit_of(0), key="a-key", reason=reason)
    read_back(intent, None, ())


@pytest.mark.parametrize("verb", FIELDS)
def test_the_first_line_says_what_and_where(verb: str) -> None:
    title = log.title(_operation(verb))
    assert "trial" in title
    assert len(title) <= 100
    assert title.isprintable()


def test_what_the_publisher_writes_itself_is_no_operation() -> None:
    for word in (log.START, log.REPAIR, log.MANIFESTS):
        assert log.recorded(log.with_trailers("First", "", [(log.OPERATION_TRAILER, word)])) is None


@settings(max_examples=200)
@given(
    text=TEXT
    | st.builds(
        "First\n\nDesired-Operation: {}\nDesired-Parameters: {}\n".format, st.sampled_from([*FIELDS, "x"]), TEXT
    )
)
def test_a_message_that_somebody_wrote_is_no_operation(text: str) -> None:
    assert log.recorded(text) is None


@pytest.mark.parametrize("trailer", ["Parameters", "Observed"])
@pytest.mark.parametrize(
    "text", ["0", "[]", "null", '"x"', "[" * 100_000, '{"a":' * 100_000, "1" * 5_000, "NaN", "{", "{}}"]
)
def test_trailers_that_hold_no_mapping_are_no_operation(trailer: str, text: str) -> None:
    asked = Intent(operation=_operation("rollback"), actor=ADA, expected=commit_of(0), key="a-key")
    lines = log.message(asked, Observation(applied=commit_of(1)), commit_of(9), ()).split("\n")
    name = f"Desired-{trailer}: "
    forged = [f"{name}{text}" if line.startswith(name) else line for line in lines]
    assert forged != lines
    assert log.recorded("\n".join(forged)) is None


def test_a_commit_without_the_version_of_its_rules_was_decided_by_the_first_ones() -> None:
    text = log.message(intent("rollback", "trial", service="shop"), None, commit_of(9), ())
    assert f"Desired-Rules: {RULES}\n" in text
    found = log.recorded(text.replace(f"Desired-Rules: {RULES}\n", ""))
    assert found
    assert (RULES, found.intent.rules) == (3, 1)


@pytest.mark.parametrize("text", ["0", "-1", "two", "2.0", "1" * 5_000])
def test_an_unreadable_version_of_the_rules_is_no_operation(text: str) -> None:
    message = log.message(intent("rollback", "trial", service="shop"), None, commit_of(9), ())
    assert log.recorded(message.replace(f"Desired-Rules: {RULES}", f"Desired-Rules: {text}")) is None


def test_a_newer_version_of_the_rules_is_decided_by_those_that_are_known() -> None:
    message = log.message(intent("rollback", "trial", service="shop"), None, commit_of(9), ())
    found = log.recorded(message.replace(f"Desired-Rules: {RULES}", "Desired-Rules: 99"))
    assert found
    assert found.intent.rules == 99


def test_the_verb_is_that_of_its_trailer() -> None:
    asked = Intent(operation=_operation("rollback"), actor=ADA, expected=commit_of(0), key="a-key")
    text = log.message(asked, None, commit_of(9), ()).replace('"service"', '"verb": "close", "service"')
    found = log.recorded(text)
    assert found is None or found.intent.operation.verb == "rollback"


def test_the_author_is_the_actor() -> None:
    intent = Intent(operation=_operation("unhold"), actor="Ada K. <ada@example.com>", expected=commit_of(0), key="k")
    author = log.author_of(intent, 7)
    assert (author.name, author.email, author.time) == ("Ada K.", "ada@example.com", 7)


def test_what_is_recorded_makes_the_same_files_again_in_whatever_order_it_was_asked() -> None:
    fleet = Fleet(running=("shop", "cart"))
    services = {name: build(name) for name in ("shop", "cart")}
    asked = intent("deploy", "trial", services=services, specs_at=fleet.head, canary=True)
    found = log.recorded(log.message(asked, None, commit_of(9), ()))
    assert found
    here = fleet.environments["trial"]
    first, again = (
        files.file_changes(here, apply(each, fleet.facts(each), fleet.now).state) for each in (asked, found.intent)
    )
    assert first == again


def _operation(verb: str) -> Any:
    fields = PLAIN.get(verb, {"service": "shop"})
    return OPERATION.validate_python({"verb": verb, "environment": "trial", **fields})


def read_back(intent: Intent, observed: Observation | None, said: tuple[str, ...]) -> None:
    """Writes the message and reads it again."""
    text = log.message(intent, observed, commit_of(9), said)
    found = log.recorded(text.encode().decode())
    assert found is not None, text
    assert found.intent == intent
    assert found.observed == observed
    assert found.revision == commit_of(9)
    assert "\n" not in log.title(intent.operation)
