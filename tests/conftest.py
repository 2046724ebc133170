"""Fixtures that several folders use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.repository import Repository, repository

# No test depends on speed.
settings.register_profile("without a deadline", deadline=None)
settings.load_profile("without a deadline")

# These need the namespaces that `make e2e` makes.
collect_ignore = [] if "DESIRED_BED" in os.environ else ["e2e"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that was skipped has failed: nobody would notice that it never ran."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def synthesized_repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two environments and two services, synthesized once. Not to be changed: see `repo`."""
    made = repository(tmp_path_factory.mktemp("base"))
    made.service("greeter", 'env={"GREETING": "hello"},')
    made.service("caller", 'depends_on=("greeter",),')
    made.release("first", "greeter", "caller")
    made.release("second", "greeter")
    done = made.synth()
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def repo(synthesized_repository: Repository, tmp_path: Path) -> Repository:
    """A copy of the synthesized repository, with a copy of its cache."""
    shutil.copytree(synthesized_repository.root, tmp_path / "repository", symlinks=True)
    shutil.copytree(synthesized_repository.cache, tmp_path / "cache")
    return Repository(tmp_path / "repository", tmp_path / "cache")
