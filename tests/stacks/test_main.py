"""What `pulumi up` runs: the folder, in a process that knows nothing but the stack's name and its settings."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from stacks import observed
from stacks.side import HERE, ROOT
from tests.stacks.parts import OPS
from tests.support.recording import Run, record
from tests.support.stacks import SECRETS, settings_of, up


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pulumi puts the program's folder first, and runs it there."""
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


def test_the_stack_that_is_named_is_made_wherever_it_is_run(runs: Mapping[str, Run]) -> None:
    made = _run(OPS)
    assert (made.names(), made.outputs) == (runs[OPS].names(), runs[OPS].outputs)
    assert Path.cwd() == ROOT


def test_modules_of_the_stacks_hide_none_of_the_same_name() -> None:
    _run(OPS)
    assert str(HERE) not in sys.path
    assert sys.path[0] == str(ROOT)


def test_what_is_wrong_is_a_sentence_and_no_trace() -> None:
    with pytest.raises(pulumi.RunError, match=r"^there is no stack 'nowhere'; there are "):
        _run("nowhere")
