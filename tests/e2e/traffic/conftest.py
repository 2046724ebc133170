"""The shop that the tests of traffic share: it takes long to start, and each test uses services of its own."""

from collections.abc import Iterator

import pytest

from testbed.bed import Bed
from tests.e2e.traffic.shop import Shop


@pytest.fixture(scope="package")
def shop(bed: Bed) -> Iterator[Shop]:
    with Shop(bed) as shop:
        yield shop
