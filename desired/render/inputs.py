"""What a cluster is made from beside code: the release and spec of each service, and the rollouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from constructs_lib.units import Request
from constructs_lib.values import Environment, Role
from constructs_lib.values.data import Json, canonical, digest

from .source import Code


@dataclass(frozen=True, eq=False)
class ServiceInput:
    """One service of a cluster: its release, and its spec at head where the environment follows that."""

    release: Json
    spec: Json | None

    @cached_property
    def digest(self) -> str:
        """A digest, the same for equal data."""
        return digest(canonical([self.release, self.spec]))


@dataclass(frozen=True)
class ClusterInputs:
    """All services and rollouts of one cluster, as files hold them."""

    cluster: str
    services: Mapping[str, ServiceInput]
    rollouts: Mapping[str, Json]

    @cached_property
    def digests(self) -> dict[str, str]:
        """A digest for each service: its own data, and the rollouts that it is a member of."""
        moves: dict[str, list[str]] = {}
        for name, rollout in sorted(self.rollouts.items()):
            for member in _members(rollout):
                moves.setdefault(member, []).append(canonical([name, rollout]))
        found = {name: each.digest for name, each in self.services.items()}
        return found | {name: digest("\0".join((found.get(name, ""), *texts))) for name, texts in moves.items()}

    @cached_property
    def key(self) -> str:
        """A digest, the same for equal inputs."""
        rollouts = canonical(dict(self.rollouts))
        return digest("\0".join((self.cluster, rollouts, *(f"{k}={v}" for k, v in sorted(self.digests.items())))))

    def request(self) -> Request:
        """For the renderer."""
        return Request(
            self.cluster,
            {name: each.release for name, each in self.services.items()},
            self.rollouts,
            {name: each.spec for name, each in self.services.items() if each.spec is not None},
        )


def _members(rollout: Json) -> Iterator[str]:
    members = rollout.get("members")
    yield from members if isinstance(members, dict) else ()


@dataclass(frozen=True)
class Target:
    """A cluster as it should be: the code that makes it, and what runs in it."""

    code: Code
    code_key: str
    """A digest of the code, tools and environment that its manifests depend on."""
    inputs: ClusterInputs

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.inputs.cluster

    @cached_property
    def key(self) -> str:
        """A digest, the same for equal manifests."""
        return digest(f"{self.code_key}\0{self.inputs.key}")


def inputs_of(
    environment: Environment,
    role: Role,
    releases: Mapping[str, Json],
    rollouts: Mapping[str, Json],
    specs: Mapping[str, Json],
    known: dict[tuple[int, int], ServiceInput] | None = None,
) -> ClusterInputs:
    """The inputs of one cluster of an environment.

    An ops cluster runs no service, and specs at head count only where the environment follows them. `known` keeps
    the inputs of data that does not change while this process lives, by the identity of that data.
    """
    cluster = environment.cluster_name(role)
    if role == "ops":
        return ClusterInputs(cluster, {}, {})
    followed = specs if environment.follows_apps else {}
    kept = {} if known is None else known
    services: dict[str, ServiceInput] = {}
    for name, release in releases.items():
        spec = followed.get(name)
        key = (id(release), id(spec))
        # The data is kept with the input, so that its identity stays its own.
        services[name] = kept.setdefault(key, ServiceInput(release, spec))
    return ClusterInputs(cluster, services, rollouts)
