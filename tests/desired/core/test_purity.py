"""Deciding opens nothing: every verb's `apply` runs while an audit hook watches for processes, files and sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from desired.core.apply import apply
from desired.core.errors import Refused
from desired.core.facts import Facts
from desired.core.operations import OPERATION, Intent, Operation
from tests.support.fleet_states import Fleet, build, chain, intent, ready

FORBIDDEN = (
    "open", "os.", "shutil.", "glob.", "tempfile.", "pathlib.", "subprocess.", "pty.", "socket.", "sqlite3.",
    "urllib.", "http.", "ftplib.", "smtplib.", "ctypes.", "mmap.", "fcntl.", "import",
)  # fmt: skip
"""How the events of the interpreter begin that touch anything outside of this process. Source: PEP 578's table."""
_watched = threading.local()


class Impure(BaseException):
    """Something was opened. No `except Exception` on the way may hide it."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """A hook stays as long as the interpreter does; it does something only in a thread that is watched just now."""
    if getattr(_watched, "events", None) is not None and event.startswith(FORBIDDEN):
        _watched.events.append(event)
        raise Impure(f"{event} {args!r}"[:200])


@contextmanager
def nothing_is_opened() -> Iterator[None]:
    """Raises Impure at the first process, file, socket, folder or module that this thread opens."""
    _install()
    _watched.events = []
    try:
        yield
        # Also where somebody caught it.
        assert not _watched.events, _watched.events
    finally:
        _watched.events = None


def _install(installed: list[bool] = []) -> None:  # noqa: B006 - once for this process, however many tests there are
    if not installed:
        sys.addaudithook(_hook)
        installed.append(True)


SHOP: dict[str, Any] = {"service": "shop"}
SEEN = ready("shop-blue", "shop-green", "cart-blue", "cart-green")


def fleet() -> Fleet:
    """Every service is checked by every gate before it may enter."""
    gates = ("ready", "tested")
    return Fleet(chain(trial=gates, public=gates), running=("shop", "cart", "mailer"))


def opened(share: int = 0) -> Fleet:
    """A version that has been stable in lab is a canary in trial."""
    made = fleet()
    made.deploy("lab", "shop", number=2)
    made.deploy("trial", "shop", number=2, canary=True)
    if share:
        made.do("canary", "trial", SEEN, share=share, **SHOP)
    return made


def finalized() -> Fleet:
    made = opened(100)
    made.do("finalize", "trial", SEEN, **SHOP)
    return made


def held() -> Fleet:
    made = fleet()
    made.do("hold", "trial", because="the fair is on", by="Ada", **SHOP)
    return made


def retired() -> Fleet:
    made = fleet()
    made.do("retire", "public", SEEN.model_copy(update={"requests": {}}), service="mailer")
    return made


def fleet_ahead() -> Fleet:
    """Lab has a newer shop than trial."""
    made = fleet()
    made.deploy("lab", "shop", number=2)
    return made


def _deploy(made: Fleet) -> dict[str, Any]:
    return {"services": {"shop": build("shop", 0)}, "specs_at": made.head, "canary": True}


LEGAL: dict[str, tuple[Callable[[], Fleet], str, Callable[[Fleet], dict[str, Any]]]] = {
    "deploy": (fleet, "trial", _deploy),
    "canary": (opened, "trial", lambda _: {"share": 40, **SHOP}),
    "finalize": (lambda: opened(100), "trial", lambda _: SHOP),
    "rollback": (finalized, "trial", lambda _: SHOP),
    "close": (finalized, "trial", lambda _: SHOP),
    "reset": (finalized, "trial", lambda made: {"to": made.commits[0]}),
    "promote": (fleet_ahead, "trial", lambda made: {"source": "lab", "recipe": made.head}),
    "platform": (fleet, "trial", lambda made: {"tag": "v1", "commit": made.head}),
    "hold": (fleet, "trial", lambda _: {"because": "the fair is on", "by": "Ada", **SHOP}),
    "unhold": (held, "trial", lambda _: SHOP),
    "signers": (fleet, "trial", lambda _: {"signers": ["ada@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"]}),
    "undo": (finalized, "trial", lambda made: {"commit": made.head}),
    "retire": (fleet, "public", lambda _: {"service": "mailer"}),
    "restore": (retired, "public", lambda made: {"service": "mailer", "at": made.commits[0]}),
}
"""For each verb: a fleet in which it is legal, the environment, and what else the operation says."""


def prepared(verb: str) -> tuple[Fleet, Intent, Facts]:
    """An operation that is legal, with the facts that it is decided on."""
    make, environment, fields = LEGAL[verb]
    made = make()
    asked = intent(verb, environment, **fields(made))
    seen = SEEN.model_copy(update={"requests": {}, "healthy_platform": f"digest-of-{made.head}"})
    return made, asked, made.facts(asked, seen)


def test_every_verb_there_is_has_a_row() -> None:
    verbs = {each.model_fields["verb"].default for each in get_args(get_args(Operation)[0])}
    assert verbs == LEGAL.keys()
    assert OPERATION.validate_python({"verb": "close", "environment": "trial", **SHOP}).verb in verbs


@pytest.mark.parametrize("verb", LEGAL)
def test_apply_opens_no_process_file_or_socket(verb: str) -> None:
    made, asked, facts = prepared(verb)
    before = apply(asked, facts, made.now)  # what is imported late, and compiled patterns, are there after this
    with nothing_is_opened():
        outcome = apply(asked, facts, made.now)
    assert outcome == before
    assert outcome.state != facts.here, "it changed nothing, so that nothing was decided"


@pytest.mark.parametrize("verb", LEGAL)
def test_a_refusal_opens_nothing_either(verb: str) -> None:
    made, asked, facts = prepared(verb)
    done = apply(asked, facts, made.now)
    again = Facts(here=done.state, running={}, promoted_from={}, specs={})
    with nothing_is_opened(), contextlib.suppress(Refused):
        apply(asked, again, made.now)


def _connect() -> object:
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", 9))


OPENING: dict[str, Callable[[], object]] = {
    "a file": lambda: open(__file__),  # noqa: SIM115 - it never opens
    "a descriptor": lambda: os.open(__file__, os.O_RDONLY),
    "a folder": lambda: os.listdir("."),
    "a scan": lambda: os.scandir("."),
    "a path": lambda: Path(__file__).read_text(),
    "a process": lambda: subprocess.run(["true"], check=False),
    "a fork": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "a socket": _connect,
    "a database": lambda: sqlite3.connect(":memory:"),
    "a module": lambda: __import__("wave"),
}


@pytest.mark.parametrize("what", OPENING)
def test_the_hook_stops_what_opens_something(what: str) -> None:
    sys.modules.pop("wave", None)
    with pytest.raises(Impure), nothing_is_opened():
        OPENING[what]()


def test_the_hook_remembers_what_was_caught() -> None:
    def quiet() -> None:
        try:
            os.listdir(".")
        except BaseException:
            return

    with pytest.raises(AssertionError, match=r"os.listdir"), nothing_is_opened():
        quiet()


def test_the_hook_lets_other_threads_and_later_work_be() -> None:
    found: list[str] = []
    with nothing_is_opened():
        thread = threading.Thread(target=lambda: found.extend(os.listdir(".")))
        thread.start()
        thread.join()
    assert found
    assert os.listdir(".")
