"""What is committed is what the code makes, on any machine, and lies where it is looked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from desired.render.files import on_disk
from desired.render.fleet import load_environments
from tests.support.shipped import CLUSTERS, KUSTOMIZATION, MANIFESTS, ROOT, objects, texts

_HEADER = re.compile(r"# Made by `make synth` from (.+)\. Changes belong there\.")
_PLACES = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
]


@pytest.mark.parametrize("place", _PLACES, ids=["in one place", "in another place"])
def test_what_is_committed_is_what_the_code_makes(place: dict[str, str], tmp_path: Path) -> None:
    _copy(tmp_path, backwards=place is _PLACES[1])
    environment = {**_kept(), **place, "CI": "true", "HOME": str(tmp_path / "home")}
    run = subprocess.run(
        [sys.executable, "-m", "envs"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert _differences(on_disk(tmp_path / "manifests"), on_disk(MANIFESTS)) == []


def _copy(root: Path, backwards: bool) -> None:
    """The sources of the manifests; `backwards` makes the files in another order, so that folders list them so."""
    folders = ("apps", "constructs_lib", "desired", "envs", "releases")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.is_file()]
    for file in sorted(files, reverse=backwards):
        if file.suffix in (".py", ".yaml"):
            target = root / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}


def _differences(made: dict[str, str], committed: dict[str, str]) -> list[str]:
    return sorted(path for path in {*made, *committed} if made.get(path) != committed.get(path))


def test_every_cluster_has_its_folder() -> None:
    environments = load_environments("envs").values()
    assert {each.cluster_name(role) for each in environments for role in ("apps", "ops")} == set(CLUSTERS)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_file_begins_with_where_a_change_belongs(cluster: str) -> None:
    for path, text in texts(cluster).items():
        header = _HEADER.fullmatch(text.partition("\n")[0])
        assert header, path
        assert [source for source in header[1].split(", ") if not (ROOT / source).exists()] == [], path


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_folder_lists_exactly_its_files(cluster: str) -> None:
    folders: dict[str, list[str]] = {}
    for path in texts(cluster):
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    for folder, names in folders.items():
        listed = yaml.load(texts(cluster)[f"{folder}/{KUSTOMIZATION}"], Loader=yaml.CSafeLoader)
        assert [KUSTOMIZATION, *listed["resources"]] == sorted(names, key=lambda name: (name != KUSTOMIZATION, name))
        assert re.fullmatch(rf"{cluster}/(apps|platform)/[a-z0-9-]+", folder)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_file_is_named_after_its_object(cluster: str) -> None:
    for path, each in objects(cluster):
        assert path.rpartition("/")[2] == f"{each['kind'].lower()}-{each['metadata']['name']}.yaml"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_object_is_in_two_files(cluster: str) -> None:
    seen: dict[tuple[str, str, str, str], str] = {}
    for path, each in objects(cluster):
        group, meta = each["apiVersion"].rpartition("/")[0], each["metadata"]
        first = seen.setdefault((group, each["kind"], meta.get("namespace", ""), meta["name"]), path)
        assert first == path


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_flux_pulls_every_folder_once(cluster: str) -> None:
    folders = sorted({f"./manifests/{path.rpartition('/')[0]}" for path in texts(cluster)})
    pulled = [each["spec"]["path"] for _, each in objects(cluster) if "fluxcd" in each["apiVersion"]
              and each["kind"] == "Kustomization"]  # fmt: skip
    assert sorted(pulled) == folders


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_there_is_nothing_beside_the_manifests(cluster: str) -> None:
    assert on_disk(MANIFESTS / cluster).keys() == {path.partition("/")[2] for path in texts(cluster)}
