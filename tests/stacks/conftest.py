"""All stacks, run once. Not to be changed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.recording import Run
from tests.support.stacks import STACKS, run


@pytest.fixture(scope="session")
def runs() -> Mapping[str, Run]:
    return {stack: run(stack) for stack in STACKS}
