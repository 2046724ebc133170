"""The commands that change something."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..model import EnvironmentState
from ..problems import Problem, Refused
from .output import show_answer
from .session import Session, Settings, open_session

Json = dict[str, Any]


def _settings(given: Mapping[str, Any], json: bool) -> Settings:
    return Settings(json=json, **given)


def _do(session: Session, operation: Json, about: Mapping[str, Any], *, dry_run: bool, yes: bool) -> None:
    """Asks where the environment wants that, acts, and shows the answer."""
    state = session.environments[operation["environment"]]
    if "confirm" in state.environment.gates and not (yes or dry_run) and sys.stdin.isatty():
        _confirm(session, operation, about)
    show_answer(session.perform(operation, about, dry_run), session.settings.json)


def _confirm(session: Session, operation: Json, about: Mapping[str, Any]) -> None:
    show_answer(session.perform(operation, about, dry_run=True), False)
    if input(f"{operation['verb']} in {operation['environment']}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("you did not confirm; nothing was done")


def deploy(
    given: Mapping[str, Any],
    *,
    json: bool,
    what: Sequence[str],
    images: Sequence[str],
    ref: str,
    environment: str | None,
    spec_at: str,
    operation: Json,
    about: Mapping[str, Any],
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired deploy`."""
    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, lambda each: each.environment.promoted_from is None, "deploy")
        specs_at = session.commit(spec_at) if spec_at else session.described_at
        services = _builds(session, specs_at, what, images, ref)
        full = {
            "verb": "deploy",
            "environment": state.name,
            "services": services,
            "specs_at": specs_at,
            **operation,
            "first": tuple(operation["first"]),
        }
        _do(session, full, about, dry_run=dry_run, yes=yes)


def _builds(session: Session, specs_at: str, what: Sequence[str], images: Sequence[str], ref: str) -> Json:
    pairs = [text.partition("=") for text in what]
    if images and len(images) != len(pairs):
        raise Problem(f"give one --image for each service, got {len(images)} for {len(pairs)}")
    specs = session.publisher.codes.described(specs_at).specs
    builds: Json = {}
    for number, (service, _, version) in enumerate(pairs):
        if service not in specs:
            raise Problem(f"apps/ has no {service!r} at {specs_at[:12]}; there are {', '.join(sorted(specs))}")
        if images:
            builds[service] = {"image": images[number], "commit": version or None, "ref": ref}
        elif not version:
            raise Problem(f"which version of {service}? Say {service}=COMMIT, or give --image repository@sha256:…")
        else:
            from ..registry import Registry  # noqa: PLC0415 - reaches the network

            builds[service] = Registry().build(specs[service]["image"], version).model_dump()
    return builds


def _moving(service: str) -> Any:
    return lambda state: state.rollout_of(service) is not None


def on_rollout(
    given: Mapping[str, Any],
    verb: str,
    service: str,
    environment: str | None,
    parameters: Json,
    about: Mapping[str, Any],
    *,
    json: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired canary`, `finalize`, `close` and `rollback`."""
    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, _moving(service), f"{verb} {service}")
        operation = {"verb": verb, "environment": state.name, "service": service, **parameters}
        _do(session, operation, about, dry_run=dry_run, yes=yes)


def roll_back(
    given: Mapping[str, Any],
    services: Sequence[str],
    environment: str | None,
    to: str,
    about: Mapping[str, Any],
    *,
    json: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired rollback`, of a rollout or to an earlier recipe."""
    if not to:
        if len(services) != 1:
            raise Problem(
                "name one service of the rollout; or an earlier recipe with --to, for several services or all"
            )
        on_rollout(given, "rollback", services[0], environment, {}, about, json=json, dry_run=dry_run, yes=yes)
        return
    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, lambda each: True, "rollback")
        operation = {
            "verb": "reset",
            "environment": state.name,
            "to": session.commit(to),
            "services": tuple(services),
        }
        _do(session, operation, about, dry_run=dry_run, yes=yes)


def promote(
    given: Mapping[str, Any],
    target: str,
    at: str,
    parameters: Json,
    about: Mapping[str, Any],
    *,
    json: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired promote`."""
    with open_session(_settings(given, json)) as session:
        state = session.environment(target, lambda each: True, "promote")
        operation = {
            "verb": "promote",
            "environment": state.name,
            "recipe": session.commit(at or session.head),
            **parameters,
            "without": tuple(parameters["without"]),
        }
        _do(session, operation, about, dry_run=dry_run, yes=yes)


def move_platform(
    given: Mapping[str, Any],
    tag: str,
    environment: str | None,
    about: Mapping[str, Any],
    *,
    json: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired platform`."""
    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, lambda each: True, f"platform {tag}")
        session.publisher.repository.fetch_tags()
        commit = session.commit(f"refs/tags/{tag}")
        operation = {"verb": "platform", "environment": state.name, "tag": tag, "commit": commit}
        _do(session, operation, about, dry_run=dry_run, yes=yes)


def hold(
    given: Mapping[str, Any],
    service: str | None,
    environment: str | None,
    reason: str,
    until: str | None,
    *,
    json: bool,
    dry_run: bool,
) -> None:
    """`desired hold`."""
    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, _runs(service), "hold")
        operation = {
            "verb": "hold",
            "environment": state.name,
            "service": service,
            "because": reason,
            "by": session.actor,
            "until": _until(until) if until else None,
        }
        _do(session, operation, {"reason": reason}, dry_run=dry_run, yes=True)


def _runs(service: str | None) -> Any:
    def fits(state: EnvironmentState) -> bool:
        return service is None or service in state.services

    return fits


def _until(text: str) -> str:
    if match := re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        end = datetime.now(UTC) + timedelta(**{unit: int(match[1])})
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")
    return text


def unhold(
    given: Mapping[str, Any],
    service: str | None,
    environment: str | None,
    reason: str,
    *,
    json: bool,
    dry_run: bool,
) -> None:
    """`desired unhold`."""

    def held(state: EnvironmentState) -> bool:
        return service in state.holds.services if service else state.holds.environment is not None

    with open_session(_settings(given, json)) as session:
        state = session.environment(environment, held, "unhold")
        operation = {"verb": "unhold", "environment": state.name, "service": service}
        _do(session, operation, {"reason": reason}, dry_run=dry_run, yes=True)


def undo(
    given: Mapping[str, Any],
    commit: str,
    environment: str | None,
    about: Mapping[str, Any],
    *,
    json: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """`desired undo`."""
    with open_session(_settings(given, json)) as session:
        whole = session.commit(commit)
        changed = session.publisher.git.changed_paths(f"{whole}^", whole, "releases/")
        touched = {path.split("/")[1] for path in changed}
        state = session.environment(environment, lambda each: each.name in touched, f"undo {commit}")
        operation = {"verb": "undo", "environment": state.name, "commit": whole}
        _do(session, operation, about, dry_run=dry_run, yes=yes)


def publish(given: Mapping[str, Any], *, json: bool) -> None:
    """`desired publish`."""
    settings = _settings(given, json)
    with open_session(settings, follow=False) as session:
        show_answer(session.publisher.publish(), json)
