"""A repository is read whole, and everything that is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.repository import Repository, repository


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    made = repository(tmp_path)
    made.service("greeter")
    return made


def refused(repo: Repository) -> str:
    done = repo.synth()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (repo.root / "manifests").exists()
    return done.stderr


PIN = 'schema: 1\ncommit: "v1"\n'
WRONG: dict[str, tuple[str, str, str]] = {
    "a module without a service": ("apps/other.py", "X = 1\n", "apps/other.py: must hold one value, SERVICE"),
    "a file of another name": (
        "apps/other.py",
        'from constructs_lib import Service\nSERVICE = Service(name="b-c", owner="a", image="x/y")\n',
        "apps/other.py: the service is named 'b-c'. Rename the file to b_c.py, or the service to 'other'",
    ),
    "a syntax error": ("apps/other.py", "def\n", "apps/other.py, line 1: SyntaxError"),
    "an unknown import": ("apps/other.py", "import nowhere\n", "apps/other.py, line 1: ModuleNotFoundError"),
    "a service that ends the program": (
        "apps/other.py",
        "import sys\nsys.exit(0)\n",
        "apps/other.py, line 2: ends the program (exit code 0). Remove that call: this file only defines values",
    ),
    "a service that ends the program without a word": (
        "apps/other.py",
        "import os\n\nos._exit(0)\n",
        "apps/other.py, line 3: ends the program (exit code 0)",
    ),
    "a service that raises what nobody catches": (
        "apps/other.py",
        "class Stop(BaseException): ...\nraise Stop('now')\n",
        "apps/other.py, line 2: Stop: now",
    ),
    "a package of services that ends the program": (
        "apps/__init__.py",
        "raise SystemExit\n",
        "apps/__init__.py, line 1: ends the program (exit code 0)",
    ),
    "an environment that ends the program": (
        "envs/third.py",
        "exit('enough')\n",
        "envs/third.py, line 1: ends the program (exit code enough)",
    ),
    "components that end the program": (
        "envs/compose.py",
        "import sys\nfrom desired.render import Fleet\n\n"
        "def components(environment, role):\n    sys.exit(0)\n\nFLEET = Fleet('apps', 'envs', components)\n",
        "envs/compose.py, line 5: ends the program (exit code 0)",
    ),
    "an environment of another name": (
        "envs/third.py",
        "from .first import ENV as ENV\n",
        "envs/third.py: ENV must be an Environment named 'third'",
    ),
    "an environment that is nobody's": (
        "releases/nowhere/greeter.yaml",
        "schema: 1\n",
        "releases/nowhere/: envs/ does not define nowhere, and this folder holds greeter.yaml. Retire its services",
    ),
    "a release in the wrong folder": ("releases/first/a/greeter.yaml", "schema: 1\n", "does not belong here"),
    "a file that is no YAML": ("releases/first/greeter.yaml", "a: [", "greeter.yaml: cannot be read as YAML"),
    "a list": ("releases/first/greeter.yaml", "- a\n", "releases/first/greeter.yaml: must hold a mapping"),
    "a NUL": ("releases/first/greeter.yaml", 'a: "\0"\n', "releases/first/greeter.yaml: cannot be read as YAML"),
    "a key that comes twice": (
        "releases/first/greeter.yaml",
        "schema: 1\nstable: blue\nstable: green\n",
        "releases/first/greeter.yaml: cannot be read as YAML (the key 'stable' appears twice",
    ),
    "an empty release": ("releases/first/greeter.yaml", "{}\n", "releases/first/greeter.yaml: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_a_sentence(name: str, empty: Repository) -> None:
    path, text, said = WRONG[name]
    empty.write(path, text)
    assert said in refused(empty)


def test_the_pin_of_an_environment_that_was_taken_out_is_left_to_publishing(empty: Repository) -> None:
    empty.write("releases/nowhere/platform.yaml", "schema: 1\n")
    assert empty.synth().returncode == 0


def test_a_symbolic_link_in_releases_is_refused(empty: Repository) -> None:
    (empty.root / "releases" / "first").mkdir(parents=True)
    (empty.root / "releases" / "first" / "greeter.yaml").symlink_to("/etc/hostname")
    assert "does not belong here" in refused(empty)


def test_environments_that_are_promoted_in_a_circle_are_refused(empty: Repository) -> None:
    empty.add_environment("first", follows=True, promoted_from="second")
    assert "promoted_from forms a cycle through first, second" in refused(empty)


def test_an_unknown_source_of_promotion_is_refused(empty: Repository) -> None:
    empty.add_environment("second", promoted_from="zeroth")
    assert "promoted_from must be one of first, second, got 'zeroth'" in refused(empty)


def test_faults_of_several_files_come_together(empty: Repository) -> None:
    empty.write("apps/one.py", "X = 1\n")
    empty.write("apps/two.py", "1 / 0\n")
    empty.write("envs/third.py", "1 / 0\n")
    said = refused(empty)
    assert all(
        part in said
        for part in ("apps/one.py", "apps/two.py", "envs/third.py", "3 problems. manifests/ was not changed.")
    )


def test_outside_of_a_repository_it_says_where_to_run(tmp_path: Path) -> None:
    lost = Repository(tmp_path, tmp_path / "cache")
    lost.write("envs/__init__.py", "")
    for name in ("__main__", "compose"):
        lost.write(f"envs/{name}.py", (Path(__file__).parents[3] / "envs" / f"{name}.py").read_text())
    assert "This folder has no apps/. Run this command in the root of the platform repository" in refused(lost)
