"""The values of units: how a component of the platform is named."""

from __future__ import annotations

import pytest

from constructs_lib import Component
from tests.support.mistakes import mistake

_NAME = "Component.name must be a name: lower-case letters, digits and '-', at most 54, beginning with a letter"
_MADE_BY = "Component.made_by must be a construct, such as 'envs.walls:Walls'"


@pytest.mark.parametrize("name", ["a/b", "../a", "Walls", "w" * 55])
def test_the_name_of_a_component_that_no_folder_or_label_can_have_is_refused(name: str) -> None:
    assert mistake(Component, {"name": name, "made_by": "envs.walls:Walls"}) == f"{_NAME}, got {name!r}"


@pytest.mark.parametrize("made_by", ["envs.walls", "envs/walls.py:Walls", "envs.walls:", ":Walls"])
def test_what_names_no_construct_is_refused(made_by: str) -> None:
    assert mistake(Component, {"name": "w" * 54, "made_by": made_by}) == f"{_MADE_BY}, got {made_by!r}"
