"""States of a small fleet whose history is plain dictionaries, for tests of operations without Git.

Three environments in a chain: `lab` follows `apps/`, `trial` and `public` render from their releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from constructs_lib import Claim, Environment, Port, Service, Slot, Version
from constructs_lib.plan import Plan
from constructs_lib.units import Request, Unit
from desired.core.apply import apply
from desired.core.errors import Problem, Refused
from desired.core.facts import Facts
from desired.core.model import EnvironmentState, Holds, Observation, Outcome, Pin, Release, Rollout
from desired.core.operations import OPERATION, Intent
from desired.history import release_files as files
from desired.history.gather import gather
from tests.support.fleet import environment, service, worker

Json = dict[str, Any]
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ADA = "Ada <ada@example.com>"


def definitions() -> dict[str, Service]:
    """Six services: two with HTTP, one with gRPC, a worker, one without a route, and a stateful one."""
    return {
        "shop": service("shop", depends_on=("cart",)),
        "cart": service("cart"),
        "quotes": service("quotes", ports=(Port.grpc(9000),)),
        "mailer": worker("mailer"),
        "collector": service("collector", ports=(Port.grpc(4317),), route=None),
        "queue": service("queue", ports=(Port.tcp(9092),), claims=(Claim(name="data", path="/data", size="1Gi"),)),
    }


def chain(**gates: tuple[str, ...]) -> dict[str, Environment]:
    """The environments in the order of promotion, with gates by name."""
    return {
        "lab": environment("lab", follows_apps=True, gates=gates.get("lab", ())),
        "trial": environment("trial", promoted_from="lab", gates=gates.get("trial", ())),
        "public": environment("public", promoted_from="trial", gates=gates.get("public", ())),
    }


def commit_of(number: int) -> str:
    """The id of a commit."""
    return hashlib.sha1(str(number).encode()).hexdigest()


def image(name: str, build: int = 1) -> str:
    """A build of a service."""
    return f"registry.example.com/{name}@sha256:{hashlib.sha256(str(build).encode()).hexdigest()}"


def build(name: str, number: int = 1, ref: str = "main") -> Json:
    """What a deploy says about a service."""
    return {"image": image(name, number), "commit": commit_of(1000 + number), "ref": ref}


def intent(verb: str, environment: str, **fields: Any) -> Intent:
    """An operation as somebody asks for it; `reason`, `unobserved` and `rules` are the intent's own."""
    own = {name: fields.pop(name) for name in ("reason", "unobserved", "rules") if name in fields}
    operation = OPERATION.validate_python({"verb": verb, "environment": environment, **fields})
    return Intent(operation=operation, actor=ADA, expected=commit_of(0), key="a-key", **own)


@dataclass
class History:
    """`desired.history.gather.Records` as dictionaries."""

    all_specs: dict[str, dict[str, Json]] = field(default_factory=dict)
    states: dict[str, dict[str, EnvironmentState]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    stable: set[tuple[str, str, str]] = field(default_factory=set)
    environments: dict[tuple[str, str], Environment] = field(default_factory=dict)
    """By name and commit, where the code of a commit has another environment than head."""

    def specs(self, commit: str) -> dict[str, Json]:
        return self.all_specs[commit]

    def followed(self, environment: Environment, commit: str) -> dict[str, Json]:
        return self.all_specs[commit]

    def state(self, environment: str, commit: str) -> EnvironmentState | None:
        if commit not in self.states:
            raise Problem(f"This clone has no commit {commit[:12]}. Run `git fetch`, or name another commit")
        return self.states[commit].get(environment)

    def entry(self, commit: str) -> str:
        return commit

    def before(self, commit: str) -> str:
        if commit not in self.parents:
            raise Problem(f"{commit[:12]} is the first commit. There is nothing before it")
        return self.parents[commit]

    def stable_images(self, environments: Collection[str]) -> set[tuple[str, str, str]]:
        return {each for each in self.stable if each[0] in environments}

    def platform_digest(self, commit: str) -> str:
        return f"digest-of-{commit}"

    def environment(self, name: str, commit: str) -> Environment | None:
        return self.environments.get((name, commit))


class Fleet:
    """A line of commits: each operation that is done is one, and each change of `apps/` by a person."""

    def __init__(self, environments: Mapping[str, Environment] | None = None, running: Iterable[str] = ()) -> None:
        """`running` names services that every environment has from the start, stable in blue."""
        self.past = History()
        self.head = commit_of(0)
        self.commits = [self.head]
        self.texts: dict[str, str] = {}
        self.environments = {name: self._first(each, running) for name, each in (environments or chain()).items()}
        self._record({name: each.written() for name, each in definitions().items()})

    def _first(self, environment: Environment, running: Iterable[str]) -> EnvironmentState:
        empty = after = EnvironmentState(environment)
        for name in running:
            spec = None if environment.follows_apps else definitions()[name]
            version = Version(image=image(name, 0), ref="main", since="2026-11-01T00:00:00Z", spec=spec)
            after = after.with_release(name, Release(schema=1, stable="blue", slots={"blue": version}))
        self._write(files.file_changes(empty, after))
        return self.read(environment)

    @property
    def now(self) -> datetime:
        """One minute for each commit."""
        return NOW + timedelta(minutes=len(self.commits))

    @property
    def specs(self) -> dict[str, Json]:
        """`apps/` at head."""
        return self.past.all_specs[self.head]

    def facts(self, asked: Intent, observed: Observation | None = None) -> Facts:
        """What a decision about an operation rests on."""
        return gather(asked.operation, self.environments, self.specs, self.past, observed)

    def ask(self, verb: str, environment: str, observed: Observation | None = None, **fields: Any) -> Outcome:
        """What would become of an operation. Raises Refused."""
        asked = intent(verb, environment, **fields)
        return apply(asked, self.facts(asked, observed), self.now)

    def do(self, verb: str, environment: str, observed: Observation | None = None, **fields: Any) -> Outcome:
        """Does an operation: one more commit. Raises Refused."""
        outcome = self.ask(verb, environment, observed, **fields)
        self.commit(outcome.state)
        return outcome

    def deploy(self, environment: str, *names: str, number: int = 1, ref: str = "main", **fields: Any) -> Outcome:
        """Deploys one build of some services, with the specs at head unless another commit is named."""
        services = {name: build(name, number, ref) for name in names}
        return self.do("deploy", environment, services=services, **{"specs_at": self.head, **fields})

    def commit(self, after: EnvironmentState) -> None:
        """One more commit, with this state of an environment, read again from its files."""
        self._write(files.file_changes(self.environments[after.name], after))
        self.environments = {**self.environments, after.name: self.read(after.environment)}
        self._next(self.specs)

    def merge(self, name: str, spec: Service | None) -> None:
        """A person's commit: another spec in `apps/`, or none."""
        specs = {each: data for each, data in self.specs.items() if each != name}
        self._next(specs | ({name: spec.written()} if spec else {}))

    def _next(self, specs: dict[str, Json]) -> None:
        before, self.head = self.head, commit_of(len(self.commits))
        self.commits.append(self.head)
        self.past.parents[self.head] = before
        self._record(specs)

    def _record(self, specs: dict[str, Json]) -> None:
        self.past.all_specs[self.head] = specs
        self.past.states[self.head] = dict(self.environments)
        for name, here in self.environments.items():
            opened = {member for each in here.rollouts.values() if each.phase == "open" for member in each.members}
            for member in set(here.releases) - opened:
                release = here.releases[member]
                self.past.stable.add((name, member, release.slots[release.stable].image))

    def _write(self, changes: Mapping[str, str | None]) -> None:
        for path, text in changes.items():
            if text is None:
                del self.texts[path]
            else:
                self.texts[path] = text

    def read(self, environment: Environment) -> EnvironmentState:
        """An environment as its files say."""
        base = files.folder(environment.name)
        mine = {path: text for path, text in self.texts.items() if path.startswith(f"{base}/")}
        pin, holds = mine.pop(f"{base}/platform.yaml", None), mine.pop(f"{base}/holds.yaml", None)
        rollouts = {path: text for path, text in mine.items() if path.startswith(f"{base}/rollouts/")}
        services = {path: text for path, text in mine.items() if path not in rollouts}
        return EnvironmentState(
            environment,
            {_stem(path): files.parse(Release, path, text) for path, text in services.items()},
            {_stem(path): files.parse(Rollout, path, text) for path, text in rollouts.items()},
            files.parse(Pin, "platform.yaml", pin) if pin else None,
            files.parse(Holds, "holds.yaml", holds) if holds else Holds(schema=1),
        )

    def spec(self, environment: str, name: str, slot: Slot | None = None) -> Service | None:
        """The spec with which a slot runs, the stable one when none is named."""
        release = self.environments[environment].releases[name]
        written = release.slots[slot or release.stable].spec
        return written or (Service.model_validate(self.specs[name]) if name in self.specs else None)

    def stable(self, environment: str, name: str) -> Version:
        """The version in the stable slot."""
        release = self.environments[environment].releases[name]
        return release.slots[release.stable]

    def share(self, environment: str, name: str) -> int:
        """The share of a rollout."""
        return self.environments[environment].rollouts[name].share

    def units(self, here: EnvironmentState) -> list[Unit]:
        """What the apps cluster of an environment in this state consists of. Raises Problem."""
        specs = self.specs if here.environment.follows_apps else {}
        releases = {name: each.as_file() for name, each in here.releases.items()}
        rollouts = {name: each.as_file() for name, each in here.rollouts.items()}
        request = Request(here.environment.cluster_name("apps"), releases, rollouts, specs)
        return Plan(here.environment, "apps", request, ()).units()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def same(one: EnvironmentState, two: EnvironmentState) -> bool:
    """Whether two states say the same, however they came to be."""
    return (
        dict(one.releases) == dict(two.releases)
        and dict(one.rollouts) == dict(two.rollouts)
        and one.platform == two.platform
        and one.holds == two.holds
    )


def with_spec(name: str, /, **fields: Any) -> Service:
    """A service of the fleet that says something else."""
    return Service.model_validate(definitions()[name].written() | fields)


def ready(*slots: str, pods: int = 2) -> Observation:
    """A look at a cluster in which these slots have so many ready pods (all, by default), and no other has any."""
    return Observation(ready=dict.fromkeys(slots, pods))


def refusal(fleet: Fleet, verb: str, environment: str, observed: Observation | None = None, **fields: Any) -> str:
    """The sentence with which an operation is refused; nothing has changed then."""
    texts = dict(fleet.texts)
    try:
        fleet.ask(verb, environment, observed, **fields)
    except Refused as refused:
        assert fleet.texts == texts
        return str(refused)
    raise AssertionError(f"{verb} in {environment} with {fields} is not refused")


def without(sentence: str, words: Iterable[str]) -> list[str]:
    """The words that a sentence lacks."""
    return [word for word in words if word not in sentence]
