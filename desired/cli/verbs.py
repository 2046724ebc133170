"""The commands that change something."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from constructs_lib.values.data import Json

from ..core.errors import Problem, Refused
from ..core.model import EnvironmentState
from .options import About
from .output import show_answer
from .session import GlobalOptions, Session, open_session

Given = Mapping[str, Any]
"""What was said before the command."""


def act(session: Session, about: About, verb: str, state: EnvironmentState, **parameters: Any) -> None:
    """Asks where the environment wants that, does an operation, and shows the answer."""
    operation = {"verb": verb, "environment": state.name, **parameters}
    if "confirm" in state.environment.gates and not (about.yes or about.dry_run) and sys.stdin.isatty():
        _confirm(session, about, operation)
    show_answer(session.perform(operation, about.intent(), about.dry_run), about.json)


def _confirm(session: Session, about: About, operation: Json) -> None:
    show_answer(session.perform(operation, about.intent(), dry_run=True), as_json=False)
    if input(f"{operation['verb']} in {operation['environment']}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("you did not confirm; nothing was done")


def _any(state: EnvironmentState) -> bool:
    return True


def _running(service: str | None) -> Callable[[EnvironmentState], bool]:
    return lambda state: service is None or service in state.releases


@dataclass(frozen=True)
class Builds:
    """What `deploy` was given: services with versions, their images, and where specs come from."""

    what: Sequence[str]
    images: Sequence[str]
    ref: str
    spec_at: str

    def found(self, specs: Mapping[str, Json]) -> Json:
        """Builds by service, looked up in the registry where no image is given. Raises Problem."""
        if self.images and len(self.images) != len(self.what):
            raise Problem(f"give one --image for each service, got {len(self.images)} for {len(self.what)}")
        pairs = [text.partition("=") for text in self.what]
        images = self.images or [""] * len(pairs)
        return {
            service: self._build(service, version, image, specs)
            for (service, _, version), image in zip(pairs, images, strict=True)
        }

    def _build(self, service: str, version: str, image: str, specs: Mapping[str, Json]) -> Json:
        if service not in specs:
            raise Problem(f"apps/ has no {service!r}; there are {', '.join(sorted(specs))}")
        if image:
            return {"image": image, "commit": version or None, "ref": self.ref}
        if not version:
            raise Problem(f"which version of {service}? Say {service}=COMMIT, or give --image repository@sha256:…")
        from ..outside.image_registry import Registry  # noqa: PLC0415 - reaches the network

        return Registry().build(specs[service]["image"], version).model_dump()


def deploy(given: Given, about: About, environment: str | None, builds: Builds, parameters: Json) -> None:
    """`desired deploy`."""
    with open_session(GlobalOptions(**given)) as session:
        state = session.environment(environment, lambda each: each.environment.promoted_from is None, "deploy")
        specs_at = session.commit(builds.spec_at) if builds.spec_at else session.definitions_at
        services = builds.found(session.publisher.sources.definitions(specs_at).specs)
        act(session, about, "deploy", state, services=services, specs_at=specs_at, **parameters)


def on_rollout(given: Given, about: About, verb: str, service: str, environment: str | None, **parameters: Any) -> None:
    """`desired canary`, `finalize`, `close` and `rollback`."""
    with open_session(GlobalOptions(**given)) as session:
        moving = session.environment(
            environment, lambda state: state.rollout_of(service) is not None, f"{verb} {service}"
        )
        act(session, about, verb, moving, service=service, **parameters)


def roll_back(given: Given, about: About, services: Sequence[str], environment: str | None, to: str) -> None:
    """`desired rollback`, of a rollout or to an earlier recipe."""
    if not to:
        if len(services) != 1:
            raise Problem(
                "name one service of the rollout; or an earlier recipe with --to, for several services or all"
            )
        on_rollout(given, about, "rollback", services[0], environment)
        return
    with open_session(GlobalOptions(**given)) as session:
        state = session.environment(environment, _any, "rollback")
        act(session, about, "reset", state, to=session.commit(to), services=tuple(services))


def promote(given: Given, about: About, target: str, at: str, parameters: Json) -> None:
    """`desired promote`."""
    with open_session(GlobalOptions(**given)) as session:
        state = session.environment(target, _any, "promote")
        act(session, about, "promote", state, recipe=session.commit(at or session.head), **parameters)


def move_platform(given: Given, about: About, tag: str, environment: str | None) -> None:
    """`desired platform`."""
    with open_session(GlobalOptions(**given)) as session:
        state = session.environment(environment, _any, f"platform {tag}")
        session.publisher.branches.fetch_tags()
        act(session, about, "platform", state, tag=tag, commit=session.commit(f"refs/tags/{tag}"))


def hold(given: Given, about: About, service: str | None, environment: str | None, until: str | None) -> None:
    """`desired hold`."""
    with open_session(GlobalOptions(**given)) as session:
        state = session.environment(environment, _running(service), "hold")
        about_it = {"because": about.reason, "by": session.actor, "until": _until(until) if until else None}
        act(session, about, "hold", state, service=service, **about_it)


def _until(text: str) -> str:
    """A span from now, as `2h`, or a time as it is."""
    if match := re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        end = datetime.now(UTC) + timedelta(**{unit: int(match[1])})
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")
    return text


def unhold(given: Given, about: About, service: str | None, environment: str | None) -> None:
    """`desired unhold`."""

    def held(state: EnvironmentState) -> bool:
        return service in state.holds.services if service else state.holds.environment is not None

    with open_session(GlobalOptions(**given)) as session:
        act(session, about, "unhold", session.environment(environment, held, "unhold"), service=service)


def undo(given: Given, about: About, commit: str, environment: str | None) -> None:
    """`desired undo`."""
    with open_session(GlobalOptions(**given)) as session:
        whole = session.commit(commit)
        before = session.publisher.history.before(whole)
        touched = {path.split("/")[1] for path in session.publisher.git.changed_paths(before, whole, "releases/")}
        state = session.environment(environment, lambda each: each.name in touched, f"undo {commit}")
        act(session, about, "undo", state, commit=whole)


def publish(given: Given, json: bool) -> None:
    """`desired publish`."""
    with open_session(GlobalOptions(**given), follow=False) as session:
        show_answer(session.publisher.publish(), json)
