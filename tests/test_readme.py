"""The README's exercise in daily operations, as a new user does it in a clone."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.repository import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What is in the work tree, as a repository of somebody who has just begun."""
    folder = tmp_path / "fleet"
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / ".venv").symlink_to(ROOT / ".venv")
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Ada"),
        ("config", "user.email", "ada@example.com"),
        ("config", "commit.gpgsign", "false"),
        ("add", "-A"),
        ("commit", "-q", "-m", "The fleet"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_exercise_in_daily_operations_does_what_the_readme_says(clone: Path, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Daily operations")[2]
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "DESIRED_CACHE", "PYTHONPATH")}
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=clone,
        env={**kept, "DESIRED_CACHE_DIR": str(tmp_path / "cache"), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "✓ checkout: 40 % in staging: is live with" in said
    assert "✓ checkout: finalize in staging: is live with" in said
    assert re.search(r"✓ Promote staging at [0-9a-f]{12} to preprod: is live with", said)
    assert "errors on /pay" in said
    assert "✓ the log is whole: 7 commits since" in said
