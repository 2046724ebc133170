"""Random walks through all operations: what must hold in every state that can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from constructs_lib import Rollout, Service
from desired.core.apply import apply
from desired.core.errors import Problem, Refused
from desired.core.facts import Facts
from desired.core.gates import needs_observation, what_counted
from desired.core.model import EnvironmentState, Observation
from desired.core.operations import Intent, Undo
from desired.history import commit_message as log
from desired.history import release_files as files
from desired.history.gather import gather
from tests.support import fleet_checks as checks
from tests.support.fleet_states import Fleet, build, chain, commit_of, definitions, intent, same, with_spec

T = TypeVar("T")
NAMES = tuple(definitions())
GATES = {"trial": ("ready",), "public": ("ready", "tested")}
SPECS: tuple[dict[str, Any], ...] = ({}, {"env": {"LEVEL": "1"}}, {"env": {"LEVEL": "2"}}, {"tier": 1})
VERBS = {
    "deploy": 8, "canary": 8, "finalize": 6, "rollback": 3, "close": 3, "reset": 1, "promote": 4, "platform": 1,
    "hold": 1, "unhold": 3, "undo": 4, "retire": 4, "restore": 3, "merge": 3, "merge_without_route": 1,
}  # fmt: skip
STEPS = 60


class Walk:
    """People who deploy, promote, hold, retire and take back, in any order."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.fleet = Fleet(chain(**GATES), running=("shop", "cart", "mailer"))
        self.states: dict[str, EnvironmentState] = dict(self.fleet.environments)
        """The same states, which operations have changed and nobody has read from files again."""
        self.memory: dict[str, dict[str, checks.Running]] = {"lab": {}, "trial": {}, "public": {}}
        """What ran before each rollout was finalized."""
        self.memories = {self.fleet.head: self.memory}
        self.touched: dict[str, str] = {}
        """Environments by the commits that changed them."""
        self.story: list[str] = []
        """What was tried, for whoever looks at a failure."""

    def go(self) -> None:
        """One more thing that somebody tries."""
        verb = self.one(*VERBS, weights=tuple(VERBS.values()))
        where = self.one("lab", "lab", "trial", "public")
        getattr(self, verb)(where)

    def one(self, *among: T, weights: tuple[int, ...] = ()) -> T:
        return self.random.choice(
            [each for each, n in zip(among, weights or (1,) * len(among), strict=True) for _ in range(n)]
        )

    def service(self) -> str:
        return self.one(*NAMES)

    def deploy(self, where: str) -> None:
        names = list(dict.fromkeys(self.service() for _ in range(self.one(1, 1, 2, 3))))
        number, ref = self.one(1, 2, 3), self.one("main", "main", "main", "topic")
        self.do(
            "deploy",
            where,
            services={each: build(each, number, ref) for each in names},
            specs_at=self.back(self.one(0, 0, 0, 3)),
            canary=self.one(True, True, False),
            name=self.one(None, None, "r"),
            first=self.one([], [], [], [each for each in names if each in ("mailer", "queue")]),
        )

    def canary(self, where: str) -> None:
        where, name = self.member(where, lambda rollout: rollout.phase == "open")
        self.do("canary", where, service=name, share=self.one(0, 1, 40, 99, 100, 100, 100))

    def finalize(self, where: str) -> None:
        where, name = self.member(where, lambda rollout: rollout.phase == "open" and rollout.share == 100)
        self.do("finalize", where, service=name)

    def rollback(self, where: str) -> None:
        where, name = self.member(where, lambda rollout: rollout.phase == "finalized" or rollout.share > 0)
        self.do("rollback", where, service=name)

    def close(self, where: str) -> None:
        where, name = self.member(where, lambda rollout: rollout.phase == "finalized" or rollout.share == 0)
        self.do("close", where, service=name)

    def reset(self, where: str) -> None:
        self.do("reset", where, to=self.back(self.one(2, 5, 9, 20)), services=self.one([], [self.service()]))

    def promote(self, where: str) -> None:
        where = self.one("trial", "public") if where == "lab" else where
        source = self.fleet.environments[where].environment.promoted_from
        without = self.one((), (), ("cart",))
        self.do("promote", where, source=source, recipe=self.back(self.one(0, 0, 0, 2)), without=without)

    def platform(self, where: str) -> None:
        self.do("platform", where, tag=self.one("v1", "v2"), commit=self.back(self.one(0, 1)))

    def hold(self, where: str) -> None:
        until = self.one(None, "2026-11-02T09:40:00Z")
        self.do(
            "hold",
            where,
            service=self.one(None, self.service(), self.service()),
            because="the fair is on",
            by="Ada",
            until=until,
        )

    def unhold(self, where: str) -> None:
        found = [(name, each) for name, here in self.fleet.environments.items()
                 for each in (*here.holds.services, *((None,) if here.holds.environment else ()))]  # fmt: skip
        where, name = self.one(*found, (where, None))
        self.do("unhold", where, service=name)

    def undo(self, where: str) -> None:
        commit = self.back(self.one(0, 0, 1, 2, 4))
        self.do("undo", self.touched.get(commit, where), commit=commit)

    def retire(self, where: str) -> None:
        self.do("retire", where, service=self.service())

    def restore(self, where: str) -> None:
        gone = [name for name in NAMES if name not in self.fleet.environments[where].releases]
        name = self.one(*gone, self.service())
        ran = [commit for commit, states in self.fleet.past.states.items() if name in states[where].releases]
        self.do("restore", where, service=name, at=self.one(*ran, *ran, self.back()))

    def merge(self, where: str) -> None:
        name = self.service()
        self.change_apps(name, self.one(None, with_spec(name, **self.one(*SPECS)), with_spec(name, **self.one(*SPECS))))

    def merge_without_route(self, where: str) -> None:
        name = self.one("shop", "cart", "quotes")
        self.change_apps(name, with_spec(name, route=None))

    # How the walk goes on

    def change_apps(self, name: str, spec: Service | None) -> None:
        """A merge; one with which something could not be synthesized is not used."""
        if spec is None and any(name in here.releases for here in self.fleet.environments.values()):
            return
        before = self.fleet.head
        self.fleet.merge(name, spec)
        self.memories[self.fleet.head] = self.memories[before]
        for here in self.fleet.environments.values():
            try:
                self.fleet.units(here)
            except Problem:
                self.fleet.commits.pop()
                self.fleet.head = before
                return

    def back(self, number: int | None = None) -> str:
        """A commit that many before the newest one."""
        number = self.one(1, 1, 1, 2, 3, 5) if number is None else number
        return self.fleet.commits[max(0, len(self.fleet.commits) - 1 - number)]

    def member(self, where: str, wanted: Callable[[Rollout], bool]) -> tuple[str, str]:
        """An environment and a service, mostly in a rollout of the wanted sort, so that walks go far."""
        found = [(name, member) for name, here in self.fleet.environments.items()
                 for rollout in here.rollouts.values() if wanted(rollout) for member in rollout.members]  # fmt: skip
        return self.one((where, self.service()), *found, *found, *found)

    def do(self, verb: str, where: str, **fields: Any) -> None:
        """Does an operation, or is refused; whether the states were read from files makes no difference."""
        look = self.one("all", "all", "all", "some", "none", "nobody", "unobserved")
        observed = self.look(where, look)
        if look == "unobserved":
            fields |= {"unobserved": True, "reason": "nobody can look today"}
        asked = intent(verb, where, **fields)
        fleet, before = self.fleet, self.fleet.environments[where]
        self.story.append(f"{self.fleet.head[:12]} {look}: {asked.operation!r}")
        texts = dict(fleet.texts)
        try:
            outcome = apply(asked, fleet.facts(asked, observed), fleet.now)
        except Problem as problem:
            self.refused(problem, asked, observed)
            assert fleet.environments[where] is before
            assert fleet.texts == texts
            return
        again = apply(asked, self.facts(asked, observed), fleet.now)
        assert same(again.state, outcome.state)
        assert again.notes == outcome.notes
        self.replayed(asked, observed, before, outcome.state)
        nothing(self.wrong(asked, observed, before, outcome.state))
        self.step(asked, outcome.state, again.state)

    def facts(self, asked: Intent, observed: Observation | None) -> Facts:
        """What a decision rests on, with the states that nobody has read from files again."""
        return gather(asked.operation, self.states, self.fleet.specs, self.fleet.past, observed)

    def replayed(
        self, asked: Intent, observed: Observation | None, before: EnvironmentState, after: EnvironmentState
    ) -> None:
        """What the log keeps of an operation, and of the look at the cluster, makes the same files again."""
        kept = what_counted(observed, asked, before, after) if observed else None
        found = log.recorded(log.message(asked, kept, commit_of(0), ()))
        assert found
        again = apply(found.intent, self.facts(found.intent, found.observed), self.fleet.now)
        assert files.file_changes(before, again.state) == files.file_changes(before, after)

    def refused(self, problem: Problem, asked: Intent, observed: Observation | None) -> None:
        """It is refused where the states were not read from files too."""
        with pytest.raises(type(problem)):
            apply(asked, self.facts(asked, observed), self.fleet.now)
        assert isinstance(problem, Refused) or "first commit" in str(problem)
        if "Cannot check" in str(problem):
            assert needs_observation(asked)

    def look(self, where: str, look: str) -> Observation | None:
        if look in ("nobody", "unobserved"):
            return None
        slots = [f"{name}-{slot}" for name in self.fleet.environments[where].releases for slot in ("blue", "green")]
        pods = {"all": 2, "some": 1}.get(look, 0)
        return Observation(ready=dict.fromkeys(slots, pods) if pods else {}, requests={})

    def wrong(
        self, asked: Intent, observed: Observation | None, before: EnvironmentState, after: EnvironmentState
    ) -> Iterator[str]:
        yield from checks.wrong(self.fleet, after)
        yield from checks.round_trip(self.fleet, before, after)
        yield from checks.missed(self.fleet, before, after)
        yield from checks.passed_holds(asked, before, after, self.fleet.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        gates = before.environment.gates
        back = asked.operation.verb == "rollback"
        if "ready" in gates and not asked.unobserved and not back:
            yield from checks.passed_ready(self.fleet, before, after, observed)
        if "tested" in gates:
            yield from checks.passed_tested(self.fleet, before, after)

    def step(self, asked: Intent, after: EnvironmentState, also: EnvironmentState) -> None:
        """One commit further, with what must hold after it."""
        fleet, where, verb = self.fleet, after.name, asked.operation.verb
        before, ran = fleet.environments[where], checks.running(fleet, where)
        self.states = {**self.states, where: also}
        fleet.commit(after)
        self.touched[fleet.head] = where
        if verb in ("canary", "finalize", "rollback"):
            assert checks.running(fleet, where) == ran, "pods changed"
        self.remember(asked, before, after, ran)
        nothing(checks.ways_back(fleet, where, self.memory[where]))
        nothing(checks.ways_out(fleet, where))

    def remember(self, asked: Intent, before: EnvironmentState, after: EnvironmentState, ran: checks.Running) -> None:
        """Keeps what ran before each rollout was finalized; an undo brings back what was known then."""
        mine = dict(self.memory[after.name])
        for name, rollout in after.rollouts.items():
            if rollout.phase == "finalized" and before.rollouts.get(name) != rollout:
                mine[name] = self.known(asked.operation.commit, name) if isinstance(asked.operation, Undo) else ran
        self.memory = {**self.memory, after.name: mine}
        self.memories[self.fleet.head] = self.memory

    def known(self, undone: str, rollout: str) -> checks.Running:
        where = self.touched[undone]
        return self.memories[self.fleet.past.before(undone)][where][rollout]


def nothing(wrong: Iterator[str]) -> None:
    found = list(wrong)
    assert not found, found


# Nothing is made smaller: a walk is known by its number, and tells what was tried.
@settings(max_examples=100, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(number=st.integers(0, 2**32))
def test_every_state_that_can_be_reached_is_sound_and_has_a_way_out(number: int) -> None:
    walk = Walk(Random(number))
    try:
        for _ in range(STEPS):
            walk.go()
    except BaseException:
        note("\n".join(walk.story))
        raise
