"""The hooks for commits run the project's own tools: nothing is downloaded."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.repository import ROOT

_REPOSITORIES: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
_HOOKS = [hook for repository in _REPOSITORIES for hook in repository["hooks"]]


def test_no_hook_comes_from_another_repository() -> None:
    assert {repository["repo"] for repository in _REPOSITORIES} == {"local"}


@pytest.mark.parametrize("hook", _HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_is_a_program_of_the_virtual_environment(hook: dict[str, Any]) -> None:
    program = hook["entry"].split()[0]
    assert hook["language"] == "system"
    assert program.startswith(".venv/bin/")
    assert (ROOT / program).is_file()
