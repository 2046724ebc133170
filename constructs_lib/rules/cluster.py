"""The objects of a whole cluster, with what only a whole cluster has: routes on gateways, and closed doors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ..parts.names import GATEWAYS, INTERNAL
from .attachments import Attachment, attachments, proxies
from .index import Index, Workload
from .policies import Pod, Policies


class ClusterIndex(Index):
    """What the rules over a whole cluster look at."""

    @cached_property
    def attachments(self) -> list[Attachment]:
        """Every route on every listener that takes it."""
        return list(attachments(self))

    @cached_property
    def policies(self) -> Policies:
        """The network policies."""
        return Policies(self)

    @cached_property
    def _pods(self) -> dict[Workload, Pod]:
        return {workload: Pod.of(workload) for workload in self.workloads}

    def pod(self, workload: Workload) -> Pod:
        """What policies see of a workload's pods."""
        return self._pods[workload]

    @cached_property
    def gateways(self) -> dict[str, Pod]:
        """The proxies of each gateway, by its name."""
        return {
            each["metadata"]["name"]: proxies(each["metadata"]["name"], each["spec"]["listeners"])
            for each in self.kinds("Gateway")
        }

    @cached_property
    def internal(self) -> Pod | None:
        """The proxies that callers inside go through."""
        return self.gateways.get(INTERNAL) if self.get("Gateway", GATEWAYS, INTERNAL) else None

    def calls(self, workload: Workload) -> Iterator[tuple[dict[str, Any], str]]:
        """What the spec of a workload's slot calls, as far as it runs here: the callee, and the port's name."""
        declared = self.declared[workload.subject]
        for name, asked in declared["calls"].get(workload.slot, ()):
            callee = self.declared.get(name)
            port: str = (asked or next(iter(callee["ports"]), "")) if callee else ""
            if callee and port in callee["ports"]:
                yield callee, port
