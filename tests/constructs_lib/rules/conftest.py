"""The cluster in which defects are planted, rendered once."""

from __future__ import annotations

import pytest

from tests.support.planted import API, Planted, cluster


@pytest.fixture(scope="session")
def good() -> Planted:
    """A cluster that breaks no rule. Not to be changed: see `planted`."""
    return cluster()


@pytest.fixture
def planted(good: Planted) -> Planted:
    """A copy of it for one test."""
    return good.copy()


@pytest.fixture(scope="session")
def good_rollout() -> Planted:
    """The same while the next version of `api`, which calls `rpc`, gets 40 per cent. Not to be changed."""
    return cluster(candidate=API.model_copy(update={"depends_on": API.depends_on}), share=40)


@pytest.fixture(scope="session")
def good_ops() -> Planted:
    """An ops cluster that breaks no rule. Not to be changed."""
    return cluster(role="ops")
