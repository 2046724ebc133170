"""The README's first five minutes and its exercise in daily operations, as a new user does them in a clone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import pages
from tests.support.clone import cloned, run
from tests.support.repository import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What is in the work tree, as a repository of somebody who has just begun."""
    return cloned(tmp_path / "fleet")


def test_the_first_five_minutes_print_what_the_readme_shows(clone: Path, tmp_path: Path) -> None:
    assert pages.check(ROOT / "README.md", clone, tmp_path / "cache") == []


def test_the_exercise_in_daily_operations_does_what_the_readme_says(clone: Path, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Daily operations")[2]
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]
    done = run(clone, f"set -eu\n{script}", tmp_path / "cache")
    assert done.returncode == 0, done.stdout
    assert re.search(r"✓ checkout: 40 % in staging.* live \w+ [0-9a-f]{12}", done.stdout, re.IGNORECASE)
    assert re.search(r"✓ checkout: finalize in staging.* live \w+ [0-9a-f]{12}", done.stdout, re.IGNORECASE)
    assert re.search(r"✓ Promote staging at [0-9a-f]{12} to preprod", done.stdout)
    assert "errors on /pay" in done.stdout
    assert re.search(r"✓ .*: 7 commits since", done.stdout)
