"""The status of every service in every environment, and what each is behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from constructs_lib.values.data import Json, canonical, digest
from constructs_lib.values.release import is_placeholder, short_digest, version_number

from ..core.model import EnvironmentState, Observation, Rollout
from ..git import Clone
from ..history import release_files as files
from ..history.index import Index
from ..render import yaml
from ..render.source_at_commit import Definitions


@dataclass(frozen=True)
class SlotSummary:
    """What a slot holds, in short."""

    image: str
    commit: str
    ref: str
    since: str
    spec: str
    """The digest of the spec in the release; empty if the slot follows `apps/`."""

    @property
    def version(self) -> str:
        """A name that tells it apart from other versions, which a branch does not."""
        return self.commit[:7] or version_number(self.ref) or short_digest(self.image)


@dataclass(frozen=True)
class ServiceStatus:
    """One service in one environment."""

    environment: str
    service: str
    stable: str
    """The slot that is stable."""
    version: str
    image: str
    since: str
    """When it entered, UTC."""
    candidate: str = ""
    """The version of the other slot."""
    rollout: str = ""
    phase: str = ""
    share: int | None = None
    behind: tuple[str, ...] = ()
    """What it is behind: `apps/`, or the environment before."""
    held: str = ""
    """Who holds it, and why; empty if it is not held."""
    ready: int | None = None
    """Ready endpoints of the stable slot; None if no cluster was checked."""
    candidate_ready: int | None = None
    placeholder: bool = False
    """Whether the image of a slot has a placeholder digest, which no registry has."""

    def as_json(self) -> Json:
        """For programs."""
        return {**asdict(self), "behind": list(self.behind)}


class Summaries:
    """Releases in short. What a blob says is kept in the index, so that thousands are read at once."""

    def __init__(self, git: Clone, index: Index) -> None:
        self._git, self._index = git, index

    def of(self, commit: str, environment: str) -> dict[str, tuple[str, dict[str, SlotSummary]]]:
        """The stable slot and all slots of every service."""
        base = files.folder(environment)
        blobs = {
            name[:-5]: entry.id
            for name, entry in self._git.tree(commit, base).items()
            if name.endswith(".yaml") and name[:-5] not in files.OTHERS
        }
        known = self._index.notes(blobs.values())
        fresh = {
            blob: json.dumps(_summary(yaml.mapping(f"{base}/{name}.yaml", self._git.batch.read(blob)[1])))
            for name, blob in blobs.items()
            if blob not in known
        }
        self._index.take_notes(fresh)
        texts = {**known, **fresh}
        return {name: _read(json.loads(texts[blob])) for name, blob in sorted(blobs.items())}


def _summary(data: Json) -> Json:
    slots = {
        slot: [
            version.get("image", ""),
            version.get("commit") or "",
            version.get("ref") or "",
            version.get("since", ""),
            digest(canonical(version["spec"])) if version.get("spec") else "",
        ]
        for slot, version in (data.get("slots") or {}).items()
    }
    return {"stable": data.get("stable"), "slots": slots}


def _read(summary: Json) -> tuple[str, dict[str, SlotSummary]]:
    return summary["stable"], {slot: SlotSummary(*fields) for slot, fields in summary["slots"].items()}


def service_statuses(
    environments: Mapping[str, EnvironmentState],
    commit: str,
    summaries: Summaries,
    definitions: Definitions,
    observed: Mapping[str, Observation | None],
) -> Iterator[ServiceStatus]:
    """Every service in every environment, in the order of promotion."""
    head = {name: digest(canonical(spec)) for name, spec in definitions.specs.items()}
    found = {name: summaries.of(commit, name) for name in environments}
    for name, state in environments.items():
        rollouts = {member: (each, rollout) for each, rollout in state.rollouts.items() for member in rollout.members}
        before = found.get(state.environment.promoted_from or "")
        for service, (stable, slots) in found[name].items():
            yield ServiceStatus(
                environment=name,
                service=service,
                stable=stable,
                version=slots[stable].version,
                image=slots[stable].image,
                since=slots[stable].since,
                behind=tuple(_behind(state, service, slots[stable], before, head)),
                held=_held(state, service),
                ready=_ready(observed.get(name), service, stable),
                placeholder=any(is_placeholder(slot.image) for slot in slots.values()),
                **_moving(rollouts.get(service), service, stable, slots, observed.get(name)),
            )


def _moving(
    found: tuple[str, Rollout] | None,
    service: str,
    stable: str,
    slots: Mapping[str, SlotSummary],
    observed: Observation | None,
) -> Json:
    if found is None:
        return {}
    name, rollout = found
    other = next((slot for slot in slots if slot != stable), None)
    return {
        "rollout": name,
        "phase": rollout.phase,
        "share": rollout.share,
        "candidate": slots[other].version if other else "",
        "candidate_ready": _ready(observed, service, other) if other else None,
    }


def _behind(
    state: EnvironmentState,
    service: str,
    slot: SlotSummary,
    before: Mapping[str, tuple[str, Mapping[str, SlotSummary]]] | None,
    head: Mapping[str, str],
) -> Iterator[str]:
    if state.environment.follows_apps:
        if slot.spec and slot.spec != head.get(service):
            yield "apps/"
        return
    source = state.environment.promoted_from
    if before is None or source is None:
        return
    if service in before:
        stable, slots = before[service]
        theirs = slots[stable]
        if theirs.image != slot.image or (theirs.spec or head.get(service)) != slot.spec:
            yield source


def _held(state: EnvironmentState, service: str) -> str:
    hold = state.holds.environment or state.holds.services.get(service)
    return f"{hold.actor}: {hold.reason}" if hold else ""


def _ready(observed: Observation | None, service: str, slot: str) -> int | None:
    if observed is None or observed.ready is None:
        return None
    return observed.ready.get(f"{service}-{slot}", 0)
