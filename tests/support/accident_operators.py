"""What those do who use `desired`: operations, publishing, second tries, and failures in the middle of them."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from tests.support import accident_people as people
from tests.support.accident_checks import state_at
from tests.support.accident_model import Place
from tests.support.accident_people import SERVICES, Action
from tests.support.accident_world import World
from tests.support.fork import image

Json = dict[str, Any]
_HEX = re.compile(r"registry.example.com/|sha256:0{60}|(?<=[0-9a-f]{8})[0-9a-f]{32}")
FAILURES = ("refused", "lost", "killed before", "killed after")
_ANY = ("deploy", "enter", "canary", "finalize", "rollback", "close", "hold", "unhold", "promote", "undo")


def operation(world: World, chance: random.Random) -> str:
    return _operation(world, chance, chance.choice(world.names))


def operation_of_a_newcomer(world: World, chance: random.Random) -> str:
    name = world.newcomer(chance.choice(("plain", "shallow", "partial", "linked")))
    return _operation(world, chance, name)


def operation_that_fails(world: World, chance: random.Random) -> str:
    """The push fails in one of four ways; then somebody asks for the same again, or nobody does."""
    name, how = chance.choice(world.names), chance.choice(FAILURES)
    with world.failing(name, how):
        said = _operation(world, chance, name)
    key = next(reversed(world.intents), "")
    if key and chance.random() < 0.7:
        again = chance.choice(world.names)
        said += f"; {again} again: {world.perform(again, key)}"
    return f"({how}) {said}"


def second_try(world: World, chance: random.Random) -> str:
    """An operation that was asked for before, by any clone, with its key."""
    if not world.intents:
        return "nothing was asked for yet"
    name, key = chance.choice(world.names), chance.choice(list(world.intents))
    return f"{name} asks for {key} again: {world.perform(name, key)}"


def publish(world: World, chance: random.Random) -> str:
    name = chance.choice(world.names)
    return f"{name} publishes: {world.publish(name)}"


def operation_in_a_race(world: World, chance: random.Random) -> str:
    """A person pushes a document while an operation is on its way."""
    name = chance.choice(world.names)
    publisher, said = world.publisher(name), list[str]()
    advance = publisher.branches.advance

    def late(old: tuple[str, str | None], new: str) -> bool:
        if not said:
            said.append(people.document(world, chance))
        return advance(old, new)

    publisher.branches.advance = late  # type: ignore[method-assign]
    try:
        return f"{_operation(world, chance, name)}, and meanwhile {said}"
    finally:
        publisher.branches.advance = advance  # type: ignore[method-assign]


def _operation(world: World, chance: random.Random, name: str) -> str:
    key = f"k{len(world.said)}"
    asked = _wanted(world, chance, name)
    world.intend(name, asked, key)
    about = json.dumps({each: value for each, value in asked.items() if each != "specs_at"})
    return f"{name}: {_HEX.sub('', about)}, key {key}: {world.perform(name, key)}"


def _wanted(world: World, chance: random.Random, name: str) -> Json:
    live = world.tip("live") or world.tip("main") or world.start
    environment, service = chance.choice(("staging", "staging", "preprod")), chance.choice(SERVICES)
    here = state_at(world, live)[environment]
    verb = chance.choice(_sensible(here, service) if chance.random() < 0.85 else _ANY)
    return {"environment": environment, **_fields(world, chance, verb, service, name)}


def _sensible(here: Place, service: str) -> tuple[str, ...]:
    if "" in here.holds or service in here.holds:
        return ("unhold", "rollback") if here.rollout(service) else ("unhold",)
    found = here.rollout(service)
    if found is None:
        return ("deploy", "enter", "enter", "enter", "promote", "undo", "hold")
    if found[1].phase == "finalized":
        return ("close", "rollback", "enter", "undo")
    if found[1].share == 100:
        return ("finalize", "finalize", "rollback")
    return ("canary", "full", "full", "close") if found[1].share == 0 else ("canary", "full", "rollback", "undo")


def _fields(world: World, chance: random.Random, verb: str, service: str, name: str) -> Json:
    head = world.tip("main")
    match verb:
        case "deploy" | "enter":
            build = {"image": image(service, chance.randrange(2, 6)), "commit": "9f3c2e1", "ref": "main"}
            return {
                "verb": "deploy",
                "services": {service: build},
                "specs_at": world.readable(name),
                "canary": verb == "enter",
            }
        case "hold":
            return {"verb": verb, "service": service, "because": "a look at it", "by": "Ada"}
        case "promote":
            return {"verb": verb, "environment": "preprod", "source": "staging", "recipe": head}
        case "undo":
            return {"verb": verb, "commit": world.tip("live") or head}
        case "canary" | "full":
            return {"verb": "canary", "service": service, "share": 100 if verb == "full" else chance.choice((1, 40))}
    return {"verb": verb, "service": service}


ACTIONS: dict[str, tuple[Action, int]] = {
    each.__name__: (each, weight)
    for each, weight in (
        *((operation, 22), (operation_of_a_newcomer, 3), (operation_that_fails, 4), (operation_in_a_race, 1)),
        *((second_try, 3), (publish, 3)),
    )
}
"""By name, with how often."""
