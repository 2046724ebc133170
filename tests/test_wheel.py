"""The library as an installed wheel, in another repository with environments of other names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.support.repository import ROOT, Repository, repository

_UV = Path(sys.executable).parent / "uv"
_NEUTRAL = ("PYTHONPATH", "VIRTUAL_ENV", "CI", "DESIRED_CACHE", "JSII_NODE")


def run(*command: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {key: value for key, value in os.environ.items() if key not in _NEUTRAL} | environment
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make wheel` does, from a copy so that nothing is left in this repository."""
    folder = tmp_path_factory.mktemp("source")
    for package in ("constructs_lib", "desired"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    built = run(
        _UV, "build", "--quiet", "--offline", "--wheel", "--no-build-isolation", "--out-dir", "dist", folder=folder
    )
    assert built.returncode == 0, built.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new virtual environment that holds the wheel, and finds the tools where they are already."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    interpreter = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    words = ("pip", "install", "--quiet", "--offline", "--no-deps", "--python", interpreter, wheel)
    installed = run(_UV, *words, folder=folder)
    assert installed.returncode == 0, installed.stderr
    (packages / "tools.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return interpreter


@pytest.fixture(scope="module")
def elsewhere(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Another platform repository, synthesized with the wheel."""
    made = repository(tmp_path_factory.mktemp("elsewhere"))
    for name in ("first", "second"):
        (made.root / "envs" / f"{name}.py").unlink()
    made.add_environment("green-field", follows=True)
    made.add_environment("live", promoted_from="green-field")
    made.service("greeter")
    made.release("green-field", "greeter")
    done = run(python, "-m", "envs", folder=made.root, DESIRED_CACHE_DIR=str(made.cache))
    assert done.returncode == 0, done.stderr
    return made


def test_the_wheel_holds_the_library_with_its_types_and_nothing_of_this_fleet(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "constructs_lib/py.typed" in names
    wanted = {file.relative_to(ROOT).as_posix() for file in (ROOT / "constructs_lib").rglob("*.py")}
    assert wanted <= set(names)
    assert not {"apps", "envs", "releases", "manifests", "tests"} & {name.partition("/")[0] for name in names}


def test_the_library_is_the_installed_one(python: Path, tmp_path: Path) -> None:
    done = run(python, "-c", "import constructs_lib; print(constructs_lib.__file__)", folder=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(python.parent.parent)


def test_each_environment_has_its_pair_of_clusters(elsewhere: Repository) -> None:
    clusters = sorted(each.name for each in (elsewhere.root / "manifests").iterdir())
    assert clusters == ["green-field-apps", "green-field-ops", "live-apps", "live-ops"]


@pytest.mark.parametrize(
    ("cluster", "folders"),
    [
        pytest.param("green-field-apps", ["greeter", "greeter-blue"], id="released"),
        pytest.param("live-apps", [], id="not released"),
        pytest.param("green-field-ops", ["probe", "probe-blue"], id="the reference service"),
        pytest.param("live-ops", ["probe", "probe-blue"], id="the same in the other environment"),
    ],
)
def test_a_cluster_runs_what_was_released_there(elsewhere: Repository, cluster: str, folders: list[str]) -> None:
    apps = elsewhere.root / "manifests" / cluster / "apps"
    assert sorted(each.name for each in apps.glob("*")) == folders


def test_the_manifests_speak_of_these_environments(elsewhere: Repository) -> None:
    files = elsewhere.tree()
    folder = "green-field-apps/apps/greeter-blue"
    deployment = yaml.safe_load(files[f"{folder}/deployment-greeter-blue.yaml"])
    assert deployment["metadata"]["namespace"] == "work"
    gateway = yaml.safe_load(files["live-apps/platform/gateways/gateway-external.yaml"])
    assert [each.get("hostname") for each in gateway["spec"]["listeners"]] == [None, "*.live.example.com"]


def test_the_wheel_makes_what_the_source_makes(elsewhere: Repository, tmp_path: Path) -> None:
    again = Repository(tmp_path / "repository", tmp_path / "cache")
    shutil.copytree(elsewhere.root, again.root, ignore=shutil.ignore_patterns("manifests", ".scratch", "__pycache__"))
    done = again.synth()
    assert done.returncode == 0, done.stderr
    assert again.tree() == elsewhere.tree()


def test_a_new_repository_works_on_the_installed_wheel(python: Path, tmp_path: Path) -> None:
    desired, fleet = python.parent / "desired", tmp_path / "fleet"
    surroundings = {"DESIRED_CACHE_DIR": str(tmp_path / "cache"), "DESIRED_ACTOR": "Ada <ada@example.com>"}
    image = f"registry.example.com/greeter@sha256:{'a' * 64}"
    for command in (
        (desired, "new", str(fleet), "--service", "greeter", "-e", "qa", "-e", "live-eu"),
        (python, "-m", "envs"),
        ("git", "add", "-A"),
        ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "The fleet"),
        (desired, "publish"),
        (desired, "deploy", "greeter", "--image", image, "--ref", "main"),
        (desired, "promote", "qa", "live-eu"),
        (desired, "verify"),
    ):
        folder = fleet if fleet.is_dir() else tmp_path
        done = run(*command, folder=folder, **surroundings)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert "✓ The history is complete and correct: 2 commits since" in done.stdout
    listed = run("git", "ls-tree", "-r", "--name-only", "live", "manifests/live-eu-apps", folder=fleet).stdout
    assert "manifests/live-eu-apps/apps/greeter-blue/deployment-greeter-blue.yaml" in listed
