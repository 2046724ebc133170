"""What the releases of a fork should be: a small model of its own, which replays operations by their keys.

It knows images, slots, shares and holds, and nothing of how `desired` works out or writes any of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

Json = dict[str, Any]
_OTHER = {"blue": "green", "green": "blue"}


class Illegal(Exception):
    """The model knows no such step."""


@dataclass
class Rollout:
    """A rollout, open or finalized."""

    members: dict[str, str]
    share: int = 0
    phase: str = "open"


@dataclass
class Place:
    """An environment."""

    stable: dict[str, str] = field(default_factory=dict)
    """The stable slot of each service."""
    images: dict[tuple[str, str], str] = field(default_factory=dict)
    """The image of each slot of a service."""
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)

    def rollout(self, service: str) -> tuple[str, Rollout] | None:
        """The rollout that a service is in, with its name."""
        return next(((name, each) for name, each in self.rollouts.items() if service in each.members), None)

    def opened(self, service: str) -> Rollout:
        """The rollout that a service is in. Raises Illegal if there is none."""
        if found := self.rollout(service):
            return found[1]
        raise Illegal(f"{service} is in no rollout")

    def stable_images(self) -> dict[str, str]:
        """What is stable, by service."""
        return {service: self.images[service, slot] for service, slot in self.stable.items()}

    def closed(self, name: str) -> None:
        """Ends a rollout: slots that are not stable go."""
        for service in self.rollouts.pop(name).members:
            self.images.pop((service, _OTHER[self.stable[service]]), None)

    def enter(self, name: str, images: Mapping[str, str]) -> None:
        """Images into the slots that are not stable, as a rollout."""
        for service in images:
            self.close_finalized(service)
        members = {service: _OTHER[self.stable[service]] for service in images}
        self.images |= {(service, members[service]): image for service, image in images.items()}
        self.rollouts[name] = Rollout(members)

    def close_finalized(self, service: str) -> None:
        """A finalized rollout is closed on the way. Raises Illegal where one is open."""
        if found := self.rollout(service):
            if found[1].phase == "open":
                raise Illegal(f"{service} is in an open rollout")
            self.closed(found[0])


State = dict[str, Place]


@dataclass(frozen=True)
class Step:
    """An entry of the log: the key of its operation (empty for other entries), and the commit."""

    commit: str
    key: str


class Replay:
    """Follows the log from the first publishing, with operations as they were asked for."""

    def __init__(self, start: State, asked: Mapping[str, Json], within: Callable[[str], str]) -> None:
        """`within` says which entry of the log was the newest one at a commit."""
        self.state = copy.deepcopy(start)
        self._asked, self._within = asked, within
        self._after: dict[str, State] = {}
        self._before: dict[str, State] = {}

    def follow(self, steps: list[Step], moved: Mapping[str, list[str]]) -> None:
        """All entries in their order. `moved` are services by key, of promotions. Raises Illegal."""
        for step in steps:
            self._before[step.commit] = copy.deepcopy(self.state)
            if step.key:
                self._do(self._asked[step.key], moved.get(step.key, []))
            self._after[step.commit] = copy.deepcopy(self.state)

    def _do(self, asked: Json, moved: list[str]) -> None:
        here, verb = self.state[asked["environment"]], asked["verb"]
        if verb == "undo":
            self._undo(here, asked["environment"], asked["commit"])
        elif verb == "promote":
            recipe = self._after[self._within(asked["recipe"])][asked["source"]].stable_images()
            here.enter(f"from-{asked['source']}", {service: recipe[service] for service in moved})
        else:
            _VERBS[verb](here, asked)

    def _undo(self, here: Place, environment: str, commit: str) -> None:
        before, after = self._before[commit][environment], self._after[commit][environment]
        for mine, old, new in (
            (here.stable, before.stable, after.stable),
            (here.images, before.images, after.images),
            (here.rollouts, before.rollouts, after.rollouts),
        ):
            _take_back(mine, old, new)
        here.holds = (here.holds | (before.holds - after.holds)) - (after.holds - before.holds)


def _take_back(mine: dict[Any, Any], old: Mapping[Any, Any], new: Mapping[Any, Any]) -> None:
    for key in {*old, *new}:
        if old.get(key) != new.get(key):
            mine.pop(key, None)
            if key in old:
                mine[key] = copy.deepcopy(old[key])


def _deploy(here: Place, asked: Json) -> None:
    images = {service: build["image"] for service, build in asked["services"].items()}
    if asked.get("canary"):
        here.enter("-and-".join(sorted(images)), images)
        return
    for service, image in images.items():
        here.close_finalized(service)
        here.images[service, here.stable[service]] = image


def _canary(here: Place, asked: Json) -> None:
    rollout = here.opened(asked["service"])
    if rollout.phase != "open":
        raise Illegal("the rollout is finalized")
    rollout.share = asked["share"]


def _swap(here: Place, rollout: Rollout) -> None:
    for service in rollout.members:
        here.stable[service] = _OTHER[here.stable[service]]


def _finalize(here: Place, asked: Json) -> None:
    rollout = here.opened(asked["service"])
    if (rollout.phase, rollout.share) != ("open", 100):
        raise Illegal("the share is not 100")
    _swap(here, rollout)
    rollout.phase = "finalized"


def _rollback(here: Place, asked: Json) -> None:
    rollout = here.opened(asked["service"])
    if rollout.phase == "finalized":
        _swap(here, rollout)
    rollout.share, rollout.phase = 0, "open"


def _close(here: Place, asked: Json) -> None:
    found = here.rollout(asked["service"])
    if found is None or (found[1].phase == "open" and found[1].share):
        raise Illegal("nothing to close, or it has a share")
    here.closed(found[0])


def _hold(here: Place, asked: Json) -> None:
    here.holds.add(asked.get("service") or "")


def _unhold(here: Place, asked: Json) -> None:
    here.holds.remove(asked.get("service") or "")


_VERBS: dict[str, Callable[[Place, Json], None]] = {
    "deploy": _deploy,
    "canary": _canary,
    "finalize": _finalize,
    "rollback": _rollback,
    "close": _close,
    "hold": _hold,
    "unhold": _unhold,
}


@lru_cache(1000)
def _parsed(text: str) -> Json:
    data: Json = yaml.load(text, Loader=yaml.CSafeLoader)
    return data


def of_files(files: Mapping[str, str]) -> State:
    """The state that the texts of all files of `releases/` say, by path."""
    state: State = {}
    for path, text in sorted(files.items()):
        _, environment, *rest = path.removesuffix(".yaml").split("/")
        here, data = state.setdefault(environment, Place()), _parsed(text)
        if rest == ["holds"]:
            here.holds |= {*data.get("services", {}), *([""] if data.get("environment") else [])}
        elif rest[0] == "rollouts":
            here.rollouts[rest[1]] = Rollout(dict(data["members"]), data.get("share", 0), data["phase"])
        else:
            here.stable[rest[0]] = data["stable"]
            here.images |= {(rest[0], slot): each["image"] for slot, each in data["slots"].items()}
    return state
