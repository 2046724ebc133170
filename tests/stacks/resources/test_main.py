"""What `pulumi up` runs: a folder as a script, with the stack's name and its settings."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import pytest
import yaml

from stacks.resources import observed
from stacks.resources.cluster_spec import HERE, ROOT
from tests.stacks.parts import OPS
from tests.support.recording import Run, record
from tests.support.stacks import SECRETS, settings_of, up


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pulumi puts the program's folder first on the path, and runs it in another folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])


def _run(stack: str, **config: str) -> Run:
    async def program() -> Mapping[str, Any]:
        with patch.object(pulumi, "run") as started:
            runpy.run_path(str(HERE), run_name="__main__")
        outputs: Mapping[str, Any] = await started.call_args.args[0]()
        return outputs

    plain = settings_of(OPS)
    with patch.object(observed, "_kubectl", up(OPS)):
        return record(program, stack, {**plain, **SECRETS, **config}, tuple(plain))


def test_the_program_runs_the_stack_from_any_folder(runs: Mapping[str, Run]) -> None:
    made = _run(OPS)
    assert (made.names(), made.outputs) == (runs[OPS].names(), runs[OPS].outputs)
    assert Path.cwd() == ROOT


def test_modules_of_the_stacks_do_not_hide_others_of_their_name() -> None:
    _run(OPS)
    assert str(HERE) not in sys.path
    assert sys.path[0] == str(ROOT)


def test_a_problem_is_one_sentence_without_a_traceback() -> None:
    with pytest.raises(pulumi.RunError, match=r"^there is no stack 'nowhere'; the stacks are "):
        _run("nowhere")


def test_pulumi_runs_the_folder_resources() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (ROOT / project["main"]).resolve() == HERE
    assert (ROOT / project["stackConfigDir"]).resolve() == HERE.parent
