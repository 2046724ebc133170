"""The wheel asks for ranges, and the locks pin one version in each of them."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.support.repository import ROOT

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WHEEL = [Requirement(each) for each in _PROJECT["dependencies"]]
STACKS = [Requirement(each) for each in _PROJECT["optional-dependencies"]["stacks"]]


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock file names, by package."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("lock", ["synth", "stacks", "dev"])
@pytest.mark.parametrize("requirement", WHEEL, ids=lambda each: each.name)
def test_the_locks_pin_a_version_in_the_range_of_the_wheel(requirement: Requirement, lock: str) -> None:
    assert requirement.specifier.contains(pins(lock)[requirement.name.lower()])


@pytest.mark.parametrize("requirement", STACKS, ids=lambda each: each.name)
def test_the_locks_pin_a_version_in_the_range_of_the_stacks(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins("stacks")[requirement.name.lower()])


@pytest.mark.parametrize("requirement", [*WHEEL, *STACKS], ids=lambda each: each.name)
def test_a_range_begins_at_a_version_and_ends_before_the_next_breaking_one(requirement: Requirement) -> None:
    operators = {each.operator for each in requirement.specifier}
    assert operators == {">=", "<"}
