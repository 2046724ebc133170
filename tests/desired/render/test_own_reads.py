"""Own code reads nothing but its commit: whatever it takes from elsewhere is refused, and nothing else is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT

REFUSED = {
    "os.environ": "import os\nX = os.environ.get('X')",
    "os.environ ": "from os import environ",
    "os.getenv": "import os.path, os\nX = os.getenv('X')",
    "os.getpid": "import os\nX = os.getpid()",
    "os.kill": "import os\nos.kill(os.getpid, 9)",
    "os.urandom": "from os import urandom",
    "time.time": "import time\nX = time.time()",
    "time.sleep": "from time import sleep",
    "datetime.now()": "from datetime import datetime\nX = datetime.now()",
    "datetime.utcnow()": "import datetime as dt\nX = dt.datetime.utcnow()",
    "datetime.today()": "import datetime\nX = datetime.datetime.today()",
    "date.today()": "from datetime import date\nX = date.today()",
    "random.choice": "import random\nX = random.choice([1, 2])",
    "random.Random() without a seed": "from random import Random\nX = Random()",
    "secrets.token_hex": "import secrets\nX = secrets.token_hex()",
    "uuid.uuid4": "import uuid\nX = uuid.uuid4()",
    "platform.node": "import platform\nX = platform.node()",
    "input()": "X = input('name: ')",
    "the file /etc/hostname": "X = open('/etc/hostname').read()",
    "the file /etc/hosts": "from pathlib import Path\nX = Path('/etc/hosts').read_text()",
    "the file /etc/passwd": "from pathlib import Path\nX = Path('/etc/passwd').exists()",
    "the file /etc/group": "import os.path\nX = os.path.isfile('/etc/group')",
    "the file /etc": "import os\nX = os.listdir('/etc')",
    "the file /usr": "from pathlib import Path\nX = list(Path('/usr').glob('*'))",
    "the file /": "import os\nX = list(os.walk('/'))",
    "the file releases/a.yaml": "from pathlib import Path\nPath('apps/../releases/a.yaml').open()",
    "the file apps/linked.txt": "X = open('apps/linked.txt').read()",
    "the file apps/new.txt": "X = open('apps/new.txt', 'w')",
    "the file .": "import os\nX = os.listdir()",
    "a process, a database or the network (subprocess.Popen)": "import subprocess\nsubprocess.run(['true'])",
    "a process, a database or the network (socket.__new__)": "import socket\nsocket.socket()",
    "a process, a database or the network (sqlite3.connect)": "import sqlite3\nsqlite3.connect(':memory:')",
}
"""What each file uses, as the sentence says it, and the file. It uses it in its last line."""
PURE = {
    "own files": "from pathlib import Path\nX = (Path(__file__).parent / 'data.txt').resolve().read_text()",
    "own folders": "import os\nX = [*os.walk(os.path.dirname(os.path.abspath(__file__))), os.listdir('envs')]",
    "no file": "from pathlib import Path\nassert not Path(__file__).with_suffix('.txt').exists()",
    "resources": "import importlib.resources as r\nX = r.files('apps').joinpath('data.txt').read_text()",
    "tools": "import pydantic, pathlib\nX = pathlib.Path(pydantic.__file__).read_text()",
    "versions": "from importlib.metadata import version\nX = version('pydantic')",
    "imports": "import sqlite3, xml.dom.minidom, multiprocessing, curses, numbers",
    "time zones": "import zoneinfo\nX = zoneinfo.ZoneInfo('Europe/Berlin')",
    "logs": "import logging, warnings\nlogging.getLogger('x').warning('x')\nwarnings.warn('x')",
    "tracebacks": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    X = traceback.format_exc()",
    "times": "from datetime import date, datetime, timedelta\nX = datetime(2026, 1, 2) + timedelta(1)\n"
    "assert isinstance(X, datetime) and isinstance(X, date) and isinstance(date(2026, 1, 2), date)\n"
    "assert datetime.fromisoformat('2026-01-02').date() == date(2026, 1, 2) < date.max",
    "time fields": "import datetime as d\nfrom pydantic import BaseModel\nclass M(BaseModel):\n    at: d.datetime\n"
    "    on: d.date\n"
    "assert M(at='2026-01-02T00:00:00Z', on='2026-01-02').on == d.date(2026, 1, 2)",
    "chance with a seed": "import random as r\nassert isinstance(r.Random(3), r.Random)\nX = r.Random(3).random()",
    "names": "import uuid\nX = uuid.uuid5(uuid.NAMESPACE_DNS, 'a')\nassert isinstance(X, uuid.UUID)",
    "temporary folders": "import tempfile, shutil, inspect\nX = inspect.getsource(inspect)",
    "caught": "import os\ntry:\n    X = os.environ['X']\nexcept Exception:\n    X = 'always'",
}
_READ = """
from desired.render.fleet import load_services
from constructs_lib.values import Problem
try:
    load_services("apps")
except Problem as problem:
    print(*problem.sentences, sep="\\n")
"""


def sentences(root: Path, read: str = _READ, **variables: str) -> list[str]:
    """What is wrong with the files of `apps/`."""
    done = subprocess.run(
        [sys.executable, "-c", read],
        cwd=root, env={**os.environ, "PYTHONPATH": str(ROOT), **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def written(root: Path, sources: dict[str, str]) -> dict[str, str]:
    """Writes each source to a file of its own. Returns the names by file."""
    for path in ("apps/__init__.py", "apps/data.txt", "envs/data.txt", "releases/a.yaml"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("")
    (root / "apps" / "linked.txt").symlink_to("../releases/a.yaml")
    files = {f"apps/s{number}.py": name for number, name in enumerate(sources)}
    for file, name in files.items():
        (root / file).write_text(sources[name] + "\n")
    return files


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The sentence about each of the files that read something from elsewhere."""
    root = tmp_path_factory.mktemp("refused")
    files = written(root, REFUSED)
    return {files[re.split(r"[,:]", sentence)[0]]: sentence for sentence in sentences(root)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_comes_from_elsewhere_is_refused_with_its_line(refusals: dict[str, str], name: str) -> None:
    line = len(REFUSED[name].splitlines())
    assert re.fullmatch(
        rf"apps/s\d+\.py, line {line}: uses {re.escape(name.strip())}, but manifests are made from a commit alone\. "
        r"Write the value into envs/, or into a file below apps/ or envs/",
        refusals[name],
    )


def test_what_a_package_reads_is_refused_too(tmp_path: Path) -> None:
    """Python has imported `envs` before anything of ours runs."""
    written(tmp_path, {"a": "X = 1"})
    (tmp_path / "apps" / "__init__.py").write_text("import os\nX = os.environ\n")
    read = _READ.replace("\n", "\nimport apps\n", 1)
    (sentence,) = sentences(tmp_path, read)
    assert sentence.startswith("apps/__init__.py, line 2: uses os.environ")


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The sentence about each of the files that read nothing from elsewhere, where byte code is kept elsewhere."""
    root = tmp_path_factory.mktemp("pure")
    files = written(root, PURE)
    said = sentences(root, PYTHONPYCACHEPREFIX=str(tmp_path_factory.mktemp("byte-code")))
    return {files[re.split(r"[,:]", sentence)[0]]: sentence for sentence in said}


@pytest.mark.parametrize("name", PURE)
def test_what_is_of_the_commit_or_of_python_is_read(accepted: dict[str, str], name: str) -> None:
    assert "must hold one value, SERVICE" in accepted[name]
