"""Whatever people do to Git between operations: nothing is lost, done twice, or left as it was edited by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desired.conftest import use
from tests.support.accident_world import prepared
from tests.support.fork import Fork
from tests.support.git_accidents import wrong

_TESTS, _EACH = 8, 1
"""`make accidents` plays 500 of them."""


@pytest.fixture(scope="module")
def base(template: Fork, cache: str, tmp_path_factory: pytest.TempPathFactory) -> Fork:
    with pytest.MonkeyPatch.context() as patch:
        use(cache, patch)
        return prepared(template, tmp_path_factory.mktemp("accidents") / "base")


@pytest.mark.parametrize("number", range(_TESTS))
def test_whatever_people_do_to_git_no_operation_is_lost_or_done_twice(base: Fork, tmp_path: Path, number: int) -> None:
    for seed in range(number * _EACH, (number + 1) * _EACH):
        said = wrong(base, tmp_path / str(seed), seed)
        assert not said, said
