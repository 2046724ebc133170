"""Synth renders what changed and nothing else, and a wrong result is impossible."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.values.data import digest
from tests.support.repository import Repository

DEPLOYMENT = "first-apps/apps/greeter-blue/deployment-greeter-blue.yaml"


def rendered(repo: Repository, **environment: str) -> int:
    """Synthesize; returns how many units were rendered."""
    done = repo.synth(**environment)
    assert done.returncode == 0, done.stderr
    found = re.search(r"(\d+) units rendered", done.stderr)
    return int(found[1]) if found else 0


def changed(repo: Repository, before: dict[str, str]) -> set[str]:
    after = repo.tree()
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def without_cache(repo: Repository, folder: Path) -> dict[str, str]:
    """What a clean machine makes of the same repository."""
    copy = Repository(folder / "clean", folder / "no-cache")
    shutil.copytree(repo.root, copy.root, symlinks=True)
    shutil.rmtree(copy.root / "manifests")
    rendered(copy, DESIRED_CACHE="off")
    return copy.tree()


def test_when_nothing_changed_node_is_not_started(repo: Repository) -> None:
    assert rendered(repo, JSII_NODE="/nowhere/node") == 0


def test_without_node_a_change_is_refused_in_a_sentence(repo: Repository) -> None:
    before = repo.tree()
    repo.replace("apps/greeter.py", "hello", "hi")
    done = repo.synth(JSII_NODE="/nowhere/node")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert repo.tree() == before


def test_one_service_changed_is_one_unit_rendered(repo: Repository) -> None:
    repo.replace("apps/greeter.py", "hello", "hi")
    # Its pods, and what its slots share: that holds its spec too.
    assert rendered(repo) <= 2


def both(*changes: Callable[[Repository], object]) -> Callable[[Repository], object]:
    return lambda repo: [change(repo) for change in changes]


INPUTS: dict[str, tuple[Callable[[Repository], object], str]] = {
    "a field of the service": (lambda repo: repo.replace("apps/greeter.py", "hello", "hi"), DEPLOYMENT),
    "a port that a caller reads": (
        lambda repo: repo.replace("apps/greeter.py", "Port.http(8080)", "Port.tcp(9000)"),
        "first-apps/apps/caller-blue/deployment-caller-blue.yaml",
    ),
    "what a size means": (lambda repo: repo.replace("envs/first.py", '"50m"', '"60m"'), DEPLOYMENT),
    "how many a size is": (lambda repo: repo.replace("envs/first.py", "fixed(2)", "fixed(3)"), DEPLOYMENT),
    "the log level": (lambda repo: repo.replace("envs/first.py", '"info"', '"debug"'), DEPLOYMENT),
    "the zones": (lambda repo: repo.replace("envs/first.py", '("a", "b")', '("a",)'), DEPLOYMENT),
    "an override": (
        lambda repo: repo.replace(
            "envs/first.py",
            "log_level",
            'overrides={"greeter": Override(reason="for a test only", env={"EXTRA": "x"})}, log_level',
        ),
        DEPLOYMENT,
    ),
    "the collector": (
        both(
            lambda repo: repo.replace("envs/first.py", "log_level", 'collector="greeter", log_level'),
            lambda repo: repo.replace("apps/greeter.py", "Port.http(8080)", 'Port.grpc(4317, "grpc")'),
        ),
        "first-apps/apps/caller-blue/deployment-caller-blue.yaml",
    ),
    "the image in the release": (
        lambda repo: repo.replace("releases/first/greeter.yaml", "2222", "3333"),
        DEPLOYMENT,
    ),
    "the quota": (
        lambda repo: repo.replace("envs/first.py", "pods=500", "pods=501"),
        "first-apps/platform/limits/resourcequota-services.yaml",
    ),
    "how often Flux looks": (
        lambda repo: repo.replace("envs/first.py", "fleet.git", 'fleet.git", interval_seconds=7, branch="live'),
        "first-apps/platform/gitops/kustomization-apps-greeter.yaml",
    ),
    "the components": (
        lambda repo: repo.replace(
            "envs/compose.py",
            '        Component(name="priorities", made_by=f"{_LIBRARY}.priorities:Priorities"),\n',
            '        Component(name="ranks", made_by=f"{_LIBRARY}.priorities:Priorities"),\n',
        ),
        "first-apps/platform/ranks/priorityclass-tier-1.yaml",
    ),
    "a construct of the repository's own": (
        both(
            lambda repo: repo.write("envs/own.py", _OWN),
            lambda repo: repo.replace("envs/compose.py", "    return (\n", _OWN_LINE),
        ),
        "first-apps/platform/own/namespace-own.yaml",
    ),
    "the library": (
        both(
            lambda repo: repo.own_library(),
            lambda repo: repo.replace("constructs_lib/parts/pod.py", '"128Mi"', '"129Mi"'),
        ),
        DEPLOYMENT,
    ),
}
_OWN = '''"""A component of this repository."""

from cdk8s_plus_27 import k8s
from constructs import Construct


class Own(Construct):
    """A namespace."""

    def __init__(self, scope, environment, role):
        super().__init__(scope, "own")
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
        k8s.KubeNamespace(self, "Namespace", metadata=k8s.ObjectMeta(name="own", labels=labels))
'''
_OWN_LINE = '    return (\n        Component(name="own", made_by="envs.own:Own"),\n'


@pytest.mark.parametrize("name", INPUTS)
def test_a_change_to_an_input_is_a_change_of_the_output(name: str, repo: Repository, tmp_path: Path) -> None:
    change, path = INPUTS[name]
    before = repo.tree()
    change(repo)
    rendered(repo)
    assert path in changed(repo, before)
    assert repo.tree() == without_cache(repo, tmp_path)


def test_a_change_of_an_own_construct_is_a_change_of_the_output(repo: Repository) -> None:
    INPUTS["a construct of the repository's own"][0](repo)
    rendered(repo)
    repo.replace("envs/own.py", 'name="own"', 'name="mine"')
    rendered(repo)
    assert "first-apps/platform/own/namespace-mine.yaml" in repo.tree()
    assert "first-apps/platform/own/namespace-own.yaml" not in repo.tree()


def test_an_own_construct_that_ends_the_program_is_named(repo: Repository) -> None:
    INPUTS["a construct of the repository's own"][0](repo)
    repo.replace("envs/own.py", 'super().__init__(scope, "own")', 'super().__init__(scope, "own"), exit(0)')
    done = repo.synth()
    assert done.returncode == 1
    assert re.search(r"first-apps: envs/own.py, line \d+: ends the program \(exit code 0\). Remove that", done.stderr)


def _symlink(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def _folder_in_place(file: Path) -> None:
    file.unlink()
    (file / "inside").mkdir(parents=True)
    (file / "inside" / "file.yaml").write_text("x")


def _ghost(folder: Path) -> None:
    (folder / "ghost").mkdir()
    (folder / "ghost" / "extra.yaml").write_text("x")


def _file_instead(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("x")


OUTPUTS: dict[str, Callable[[Path], object]] = {
    "edited": lambda file: file.write_text(file.read_text().replace("hello", "hallo")),
    "edited at the end": lambda file: file.write_text(file.read_text() + "\n"),
    "deleted": lambda file: file.unlink(),
    "a symbolic link": _symlink,
    "a folder": _folder_in_place,
    "a neighbour added": lambda file: (file.parent / "extra.yaml").write_text("x"),
    "the list edited": lambda file: (file.parent / "kustomization.yaml").write_text("resources: []\n"),
    "a folder added": lambda file: _ghost(file.parent.parent),
    "a cluster added": lambda file: _ghost(file.parents[3]),
    "a file at the top": lambda file: (file.parents[3] / "extra.yaml").write_text("x"),
    "a file instead of a cluster": lambda file: _file_instead(file.parents[2]),
    "everything deleted": lambda file: shutil.rmtree(file.parents[3]),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_changed_by_hand_is_made_anew(name: str, repo: Repository) -> None:
    before = repo.tree()
    OUTPUTS[name](repo.root / "manifests" / DEPLOYMENT)
    rendered(repo)
    assert repo.tree() == before
    assert not [path for path in (repo.root / "manifests").rglob("*") if path.is_symlink()]


def _poison(repo: Repository, *, with_sum: bool) -> None:
    """Change what the cache holds of the greeter, with or without a sum that fits."""
    db = sqlite3.connect(repo.cache / "outputs.db")
    for key, digests, files, facts in db.execute("select key, digests, files, facts from output").fetchall():
        if '"GREETING"' not in facts:
            continue
        bad = files.replace("hello", "poison")
        found = {path: digest(text) for path, text in json.loads(bad).items()}
        columns = (json.dumps(found), bad, facts) if with_sum else (digests, bad, facts)
        sum_ = digest("\0".join((key, *columns))) if with_sum else "0" * 64
        db.execute("update output set digests = ?, files = ?, facts = ?, sum = ? where key = ?", (*columns, sum_, key))
    db.commit()
    db.close()


def test_a_damaged_entry_of_the_cache_is_made_anew(repo: Repository) -> None:
    before = repo.tree()
    _poison(repo, with_sum=False)
    assert rendered(repo) > 0 or repo.tree() == before
    assert repo.tree() == before


def test_a_cache_that_is_no_database_is_made_anew(repo: Repository) -> None:
    before = repo.tree()
    for file in repo.cache.glob("outputs.db*"):
        file.unlink()
    (repo.cache / "outputs.db").write_text("no database" * 1000)
    rendered(repo)
    assert repo.tree() == before


def test_a_cache_that_is_damaged_inside_is_a_sentence(repo: Repository) -> None:
    before = repo.tree()
    db = sqlite3.connect(repo.cache / "outputs.db")
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()
    file = repo.cache / "outputs.db"
    pages = bytearray(file.read_bytes())
    pages[4096:] = b"\xff" * (len(pages) - 4096)
    file.write_bytes(pages)
    repo.replace("apps/greeter.py", "hello", "hi")
    done = repo.synth()
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "DESIRED_CACHE=off" in done.stderr
    assert "Traceback" not in done.stderr
    assert repo.tree() == before


def test_where_no_cache_can_be_it_does_without(repo: Repository) -> None:
    before = repo.tree()
    repo.replace("apps/greeter.py", "hello", "hi")
    assert rendered(repo, DESIRED_CACHE_DIR="/dev/null/nowhere") > 0
    assert changed(repo, before) == {DEPLOYMENT}


def test_where_nothing_can_be_written_it_is_a_sentence(repo: Repository) -> None:
    before = repo.tree()
    shutil.rmtree(repo.root / ".scratch")
    repo.write(".scratch", "a file")
    repo.replace("apps/greeter.py", "hello", "hi")
    done = repo.synth()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert ".scratch" in done.stderr
    assert repo.tree() == before


@pytest.mark.parametrize("variable", [{"CI": "true"}, {"DESIRED_CACHE": "off"}], ids=["in CI", "switched off"])
def test_the_cache_is_not_trusted(variable: dict[str, str], repo: Repository) -> None:
    before = repo.tree()
    _poison(repo, with_sum=True)
    rendered(repo)
    assert "poison" in repo.tree()[DEPLOYMENT], "a cache that was forged with care is believed elsewhere"
    rendered(repo, **variable)
    assert repo.tree() == before


def test_a_refused_synth_changes_nothing_and_shows_no_traceback(repo: Repository) -> None:
    before = repo.tree()
    repo.replace("apps/greeter.py", "hello", "hi")
    repo.service("broken", 'depends_on=("nobody",), tier=7,')
    repo.write("apps/crashes.py", "1 / 0\n")
    done = repo.synth()
    assert done.returncode == 1
    assert "apps/crashes.py, line 1: ZeroDivisionError" in done.stderr
    assert "tier" in done.stderr
    assert "Traceback" not in done.stderr
    assert repo.tree() == before


def test_an_edit_within_the_same_second_and_of_the_same_length_is_seen(repo: Repository) -> None:
    file, second = repo.root / "apps/greeter.py", (1_700_000_000, 1_700_000_000)
    os.utime(file, second)
    rendered(repo, PYTHONDONTWRITEBYTECODE="")
    repo.replace("apps/greeter.py", "hello", "olleh")
    os.utime(file, second)
    rendered(repo, PYTHONDONTWRITEBYTECODE="")
    assert "olleh" in repo.tree()[DEPLOYMENT]


def test_an_environment_that_differs_at_each_reading_is_refused(repo: Repository) -> None:
    repo.replace("envs/first.py", '"first.example.com"', "f'x{id(object())}.example.com'")
    done = repo.synth()
    assert done.returncode == 1
    assert "first-apps: envs/ changed while it was read, or depends on more than its files. Run the" in done.stderr


def test_a_service_that_is_gone_takes_its_folders_with_it(repo: Repository) -> None:
    (repo.root / "releases/first/caller.yaml").unlink()
    rendered(repo)
    assert not [path for path in repo.tree() if "caller" in path]
    assert not (repo.root / "manifests/first-apps/apps/caller").exists()


def test_a_new_service_changes_no_manifest_of_the_second_environment(repo: Repository) -> None:
    before = repo.tree()
    repo.service("newcomer")
    repo.release("first", "newcomer")
    rendered(repo)
    assert changed(repo, before)
    assert not [path for path in changed(repo, before) if path.startswith("second-")]


def test_a_service_without_a_release_is_checked_all_the_same(repo: Repository) -> None:
    before = repo.tree()
    repo.service("newcomer", 'depends_on=("nobody",),')
    done = repo.synth()
    assert done.returncode == 1
    assert "nobody" in done.stderr
    assert repo.tree() == before


def test_checking_a_service_without_a_release_renders_nothing_twice(repo: Repository) -> None:
    shutil.rmtree(repo.root / "manifests")
    before = rendered(repo, DESIRED_CACHE="off")
    shutil.rmtree(repo.root / "manifests")
    repo.service("newcomer")
    assert rendered(repo, DESIRED_CACHE="off") == before + len(["newcomer/front", "newcomer/blue"])


def test_a_deleted_service_with_a_release_is_refused(repo: Repository) -> None:
    (repo.root / "apps/greeter.py").unlink()
    done = repo.synth()
    assert done.returncode == 1
    assert "Put the file back until you have retired greeter" in done.stderr


def test_moving_the_share_renders_the_routes_only(repo: Repository) -> None:
    _canary(repo, share=10)
    rendered(repo)
    before = repo.tree()
    _canary(repo, share=40)
    assert rendered(repo) == 1
    assert changed(repo, before) == {"first-apps/apps/greeter/httproute-greeter.yaml"}
    route = repo.tree()["first-apps/apps/greeter/httproute-greeter.yaml"]
    assert "weight: 60" in route
    assert "weight: 40" in route


def _canary(repo: Repository, share: int) -> None:
    text = (repo.root / "releases/first/greeter.yaml").read_text()
    if "green" not in text:
        blue = text.partition("  blue:\n")[2]
        spec = "    spec: {name: greeter, owner: team-a, image: registry.example.com/greeter, ports: [{number: 8080, protocol: http, name: http}]}\n"  # noqa: E501
        repo.write("releases/first/greeter.yaml", f"{text}  green:\n{blue.replace('2222', '4444')}{spec}")
    members = "members: {greeter: green}"
    repo.write("releases/first/rollouts/greeter.yaml", f"schema: 1\nphase: open\nshare: {share}\n{members}\n")
