"""Decides which units a cluster consists of, from its releases and rollouts.

A plan validates a release only when a unit needs it. Rendering one service of a large fleet therefore reads only that
service, the services that it calls, and the members of rollouts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from .units import Component, PlatformInputs, Request, SharedInputs, SlotInputs, Unit
from .values import Problem, Service, validated
from .values.data import Json
from .values.environment import Environment, Role
from .values.release import Release, Rollout, Slot, Version, share_problem
from .values.resolved_service import Callee, ResolvedService, resolve


@dataclass
class Plan:
    """The units of one cluster. A plan reads each service of the request only when a unit needs it."""

    environment: Environment
    role: Role
    request: Request
    components: tuple[Component, ...]
    _services: dict[str, _Running | None] = field(default_factory=dict)
    _moves: dict[str, tuple[str, Rollout]] | None = None

    def units(self, only: Collection[str] | None = None) -> list[Unit]:
        """Return all units of the cluster, or only those of some services.

        Raises Problem with the mistakes of all services together, so that you can fix them in one go.
        """
        problems: list[str] = []
        found = list(self._platform()) if only is None else []
        for name in sorted(set(self.names()) if only is None else {*self.names()} & {*only}):
            try:
                found.extend(self.service_units(name))
            except Problem as problem:
                problems.extend(problem.sentences)
        if problems:
            raise Problem(*dict.fromkeys(problems))
        return found

    def touched(self, changed: Collection[str]) -> set[str] | None:
        """Return the services whose units can change when the releases of `changed` change. None means all services.

        These are the changed services and their callers. The manifests of a caller contain the ports and the routing
        of the services that it calls. All services call the collector, so a change of the collector affects all.
        The answer comes from the unvalidated data, because validating every service of a fleet would be slow.
        """
        if self.environment.collector in changed:
            return None
        calling = {name for name, release in self.request.releases.items() if self._called(name, release) & {*changed}}
        return calling | {*changed}

    def _called(self, name: str, release: Json) -> set[str]:
        specs = [version.get("spec") or self.request.specs.get(name) or {} for version in release["slots"].values()]
        return {each["service"] for spec in specs for each in spec.get("depends_on", ())}

    def names(self) -> list[str]:
        """Return the names of the services that run in the cluster."""
        reference = self.environment.ops.reference
        return list(self.request.releases) if self.role == "apps" or reference is None else [reference.service.name]

    def chosen(self, ids: list[str]) -> list[Unit]:
        """Return the units with these ids, without reading the services of other units."""
        names = {id_.partition("/")[0] for id_ in ids if not id_.startswith("platform/")}
        units = [*self._platform(), *(unit for name in sorted(names) for unit in self.service_units(name))]
        return [unit for unit in units if unit.id in set(ids)]

    def _platform(self) -> Iterator[Unit]:
        name = self.environment.name.replace("-", "_")
        for component in self.components:
            inputs = PlatformInputs(component=component, environment=self.environment, role=self.role)
            yield Unit(f"platform/{component.name}", f"platform/{component.name}", inputs, (f"envs/{name}.py",))

    def service_units(self, name: str) -> Iterator[Unit]:
        """Yield the units of one service: the shared objects, then each slot. Raises Problem."""
        running = self._running(name)
        if running is None:
            raise Problem(f"{self.environment.name}: {name} has no release here; deploy it, or take it out")
        stable_slot = running.release.stable
        resolved = {slot: self._placed(running, slot) for slot in running.slots()}
        candidate = next((each for slot, each in resolved.items() if slot != stable_slot), None)
        inputs = SharedInputs(
            stable=resolved[stable_slot],
            candidate=candidate,
            stable_slot=stable_slot,
            weights=self._weights(name, running),
        )
        yield Unit(f"{name}/front", f"apps/{name}", inputs, running.sources)
        for slot, each in resolved.items():
            slotted = each.service.slotted
            yield Unit(
                f"{name}/{slot}",
                f"apps/{name}-{slot}" if slotted else f"apps/{name}",
                SlotInputs(
                    resolved=each,
                    version=running.release.slots[slot].model_copy(update={"spec": None, "since": _NO_TIME}),
                    slot=slot if slotted else "",
                    at_peak=name in self._moving() and slotted,
                ),
                running.sources,
            )

    def _weights(self, name: str, running: _Running) -> dict[str, int]:
        """Return the percentage of the traffic for each slot of a service.

        The stable slot gets all traffic, unless an open rollout moves the service. Then the new slot gets the share of
        the rollout, and the stable slot the rest. Raises Problem if the new slot is the stable slot or has no version.
        """
        stable = running.release.stable
        move = self._moving().get(name)
        if move is None or move[1].phase == "finalized":
            return {stable: 100}
        slot, rollout = move[1].members[name], move[1]
        if slot == stable:
            raise Problem(
                f"{self.environment.name}: the open rollout {move[0]} moves {name} to {slot}, which is stable already; "
                f"close it, or name the other slot"
            )
        if slot not in running.release.slots:
            raise Problem(
                f"{self.environment.name}: the rollout {move[0]} moves {name} to {slot}, which its release lacks; "
                f"deploy a version there, or take the member out"
            )
        return {stable: 100 - rollout.share, slot: rollout.share}

    def _moving(self) -> dict[str, tuple[str, Rollout]]:
        if self._moves is None:
            self._moves = dict(self._read_rollouts())
        return self._moves

    def _read_rollouts(self) -> Iterator[tuple[str, tuple[str, Rollout]]]:
        """Yield each member of a rollout, with the name and the value of its rollout.

        Raises Problem if a service is in two rollouts or has no release here. Also raises Problem if the share of an
        open rollout would multiply over several routed members (see `share_problem`).
        """
        seen: dict[str, str] = {}
        for name, data in sorted(self.request.rollouts.items()):
            file = f"releases/{self.environment.name}/rollouts/{name}.yaml"
            rollout = validated(Rollout, file, data)
            for member in rollout.members:
                if member in seen:
                    raise Problem(f"{file}: {member} is in the rollout {seen[member]} already; close that one first")
                if member not in self.request.releases:
                    raise Problem(f"{file}: {member} has no release in {self.environment.name}; take it out of members")
                seen[member] = name
                yield member, (name, rollout)
            routed = [each for each in rollout.members if (found := self._running(each)) and found.routed()]
            if rollout.phase == "open" and (problem := share_problem(routed, rollout.share)):
                raise Problem(f"{file}: {problem}")

    def _running(self, name: str) -> _Running | None:
        if name not in self._services:
            self._services[name] = self._read(name)
        return self._services[name]

    def _read(self, name: str) -> _Running | None:
        environment = self.environment
        reference = environment.ops.reference
        module = environment.name.replace("-", "_")
        if self.role == "ops":
            if reference is None or reference.service.name != name:
                return None
            version = Version(image=reference.image, since=_NO_TIME, spec=reference.service)
            return _Running(Release(schema=1, stable="blue", slots={"blue": version}), None, (f"envs/{module}.py",))
        if name not in self.request.releases:
            return None
        file = f"releases/{environment.name}/{name}.yaml"
        release = validated(Release, file, self.request.releases[name])
        head = self._head_spec(name, release, file)
        first = f"apps/{name.replace('-', '_')}.py" if head else ""
        return _Running(release, head, tuple(filter(None, (first, f"envs/{module}.py", file))))

    def _head_spec(self, name: str, release: Release, file: str) -> Service | None:
        """Return the spec from `apps/` at head, or None if the release holds the specs of all its slots.

        Only an environment that follows `apps/` may leave out the stable spec. Raises Problem if another environment
        does, if the file in `apps/` is missing, or if a spec in the release belongs to another service.
        """
        for slot, version in release.slots.items():
            if version.spec and version.spec.name != name:
                raise Problem(
                    f"{file}: the spec in {slot} is that of {version.spec.name!r}; it must be that of {name!r}"
                )
        if all(version.spec for version in release.slots.values()):
            return None
        if not self.environment.follows_apps:
            raise Problem(
                f"{file}: the stable slot has no spec, and {self.environment.name} does not follow apps/; "
                f"write the spec into the release"
            )
        if name not in self.request.specs:
            raise Problem(
                f"{file}: {name} runs in {self.environment.name}, but apps/{name.replace('-', '_')}.py is gone. "
                f"Put the file back until you have retired {name}, also if you renamed it"
            )
        return validated(Service, f"apps/{name.replace('-', '_')}.py: {name}", self.request.specs[name])

    def _placed(self, running: _Running, slot: Slot) -> ResolvedService:
        service = running.spec(slot)
        named = {each.service for each in service.depends_on}
        if self.environment.collector and service.telemetry:
            named.add(self.environment.collector)
        callees = {name: callee for name in sorted(named) if (callee := self._callee(name))}
        return resolve(self.environment, self.role, service, callees)

    def _callee(self, name: str) -> Callee | None:
        running = self._running(name)
        return Callee.of(running.spec(running.release.stable), self.environment.namespace) if running else None


@dataclass(frozen=True)
class _Running:
    """A service that runs: its release, and its spec at head if the stable slot follows `apps/`."""

    release: Release
    head: Service | None
    sources: tuple[str, ...]

    def spec(self, slot: Slot) -> Service:
        spec = self.release.slots[slot].spec or self.head
        assert spec is not None
        return spec

    def slots(self) -> list[Slot]:
        """Return the slots that have objects: every slot of a slotted service, or the stable slot of any other."""
        stable = self.release.stable
        if not self.spec(stable).slotted:
            return [stable]
        return [stable, *(slot for slot in self.release.slots if slot != stable)]

    def routed(self) -> bool:
        return bool(self.spec(self.release.stable).routed)


_NO_TIME = "1970-01-01T00:00:00Z"
