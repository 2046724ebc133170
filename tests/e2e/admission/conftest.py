"""The clusters that we ship, one after the other: two cores cannot look after six at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.bed import Bed
from testbed.report import Record
from tests.e2e.admission.running import Running
from tests.support.shipped import CLUSTERS


@pytest.fixture(scope="package", params=CLUSTERS)
def running(request: pytest.FixtureRequest, bed: Bed, record: Record) -> Iterator[Running]:
    """Each cluster that we ship, as it is when all is quiet. Not to be changed."""
    running = Running.start(bed, request.param)
    with running.cluster:
        running.settle()
        _measure(request.param, running, record)
        yield running


def _measure(name: str, running: Running, record: Record) -> None:
    objects = len(running.tried)
    record.measure("Admission", f"{name}: objects in a server-side dry run", objects, "objects")
    record.measure("Admission", f"{name}: the dry runs together", running.tried_seconds, "s")
    record.measure("Admission", f"{name}: objects tried in a second", objects / running.tried_seconds, "objects/s")
    record.measure("Admission", f"{name}: from the first object to all Available", running.available_seconds, "s")
    record.measure("Admission", f"{name}: pods", sum(map(len, running.pods.values())), "pods")
