"""What tests on the real thing share: the bed that hands out clusters, and the record of what was shown."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from testbed.bed import Bed
from testbed.namespaces import FOLDER
from testbed.page import write
from testbed.report import Record

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".scratch" / "e2e"
"""Where the logs of all programs are kept when a test failed."""
_NOT_LOGS = shutil.ignore_patterns("etcd", "certificates", "clone", "cache", "*.sock")
_GROUPS = {
    "admission": "Admission",
    "gitops": "GitOps",
    "operations": "Operations",
    "pairs": "Stacks",
    "traffic": "Traffic",
}
_RECORD = pytest.StashKey[Record]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the report goes; without it there is none."""
    parser.addoption("--report", type=Path, help="write the report of a run in which all passed to this folder")


def pytest_configure(config: pytest.Config) -> None:
    """One record for each run."""
    config.stash[_RECORD] = Record()


@pytest.fixture(scope="session")
def bed() -> Bed:
    """The test bed of this run."""
    return Bed.here()


@pytest.fixture(scope="session")
def record(pytestconfig: pytest.Config) -> Record:
    """Takes what a test measures."""
    return pytestconfig.stash[_RECORD]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes each test that passed."""
    report = yield
    if report.when == "call" and report.passed:
        folder = item.path.relative_to(ROOT / "tests" / "e2e").parts[0]
        item.config.stash[_RECORD].passed(_GROUPS.get(folder, "Test bed"), item.name, report.duration)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the report, or keeps the logs of a failed run: the folder in memory goes with the run."""
    if session.testsfailed:
        shutil.rmtree(LOGS, ignore_errors=True)
        shutil.copytree(os.environ[FOLDER], LOGS, ignore=_NOT_LOGS)
    elif folder := session.config.getoption("--report"):
        session.config.stash[_RECORD].write(folder)
        write(folder)
