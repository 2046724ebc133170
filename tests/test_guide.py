"""The examples of docs/guide.md, run one after the other as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.clone import cloned

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"```(python|sh|yaml)\n(.*?)```", re.S)
_FILE = re.compile(r"\A# (\S+\.(?:py|yaml))\n")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as somebody has it who ran `make synth` and `make test` once."""
    return cloned(tmp_path_factory.mktemp("guide") / "fleet")


def run(folder: Path, command: str) -> str:
    skipped = ("PYTEST", "MAKE", "PYTHONPATH", "DESIRED_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(skipped)}
    environment |= {"DESIRED_CACHE_DIR": str(folder.parent / "cache")}
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_examples_run_in_their_order(clone: Path) -> None:
    said: list[str] = []
    for kind, text in _BLOCK.findall((ROOT / "docs" / "guide.md").read_text(encoding="utf-8")):
        file = _FILE.match(text)
        if file and kind == "python":
            (clone / file[1]).parent.mkdir(parents=True, exist_ok=True)
            (clone / file[1]).write_text(text)
        elif kind == "sh":
            said.append(run(clone, text))
    deployed, tested, environment = said
    changed = deployed.splitlines()
    assert "releases/staging/greeter.yaml" in changed
    assert not [path for path in changed if path.startswith(("manifests/preprod", "manifests/prod"))]
    assert "3 passed" in tested
    assert "platform" in environment


def test_five_lines_are_a_service() -> None:
    first = next(text for kind, text in _BLOCK.findall((ROOT / "docs" / "guide.md").read_text()) if kind == "python")
    code = [line for line in first.splitlines() if line.strip() and not line.startswith("#")]
    assert len(code) <= 5
