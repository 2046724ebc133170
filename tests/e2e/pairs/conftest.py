"""API servers without controllers of Cluster API: one to manage, and two that stand for the clusters of every pair."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stacks.settings import MANAGEMENT
from testbed.bed import Bed, define
from testbed.programs.crds import PROVIDERS
from tests.e2e.pairs.ground import Ground, environments, prepare, tools


@pytest.fixture(scope="package")
def whole_ground(bed: Bed) -> Iterator[Ground]:
    """With the management stack up, and what Flux would bring to the other clusters."""
    tools()
    with ExitStack() as running:
        management = running.enter_context(bed.cluster("management", kwok=False))
        define(management.api, PROVIDERS)
        standing = {role: running.enter_context(bed.cluster(role, kwok=False)) for role in ("ops", "apps")}
        for cluster in standing.values():
            prepare(cluster)
        everywhere = {f"{name}-{role}": standing[role] for name in environments() for role in standing}
        made = Ground(management, everywhere, bed.folder / "states")
        made.states.mkdir()
        assert made.stack(MANAGEMENT).up().messages == ()
        end = threading.Event()
        running.callback(end.set)
        threading.Thread(target=made.takes_up_classes, args=(end,), daemon=True).start()
        yield made


@pytest.fixture
def ground(whole_ground: Ground) -> Iterator[Ground]:
    """The ground without any pair, before and after."""
    yield whole_ground
    whole_ground.clean()
