"""Stacks of little programs, on a cluster of a few lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.pulumi import Stack
from tests.testbed.pulumi.cluster import Cluster

PROGRAMS = Path(__file__).parent / "programs"
PASSWORD = "correct-horse"
Make = Callable[..., Stack]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def stack(cluster: Cluster, tmp_path: Path) -> Make:
    """A stack of a program (the shop, if not told) with this configuration."""

    def make(program: str = "shop", name: str = "dev", fail_after: int | None = None, **config: object) -> Stack:
        return Stack(
            name,
            PROGRAMS / program,
            tmp_path,
            config,
            {"password": PASSWORD},
            clusters=lambda provider, kubeconfig: cluster,
            seconds=2 if config.get("how") == "late" else 60,
            fail_after=fail_after,
        )

    return make
