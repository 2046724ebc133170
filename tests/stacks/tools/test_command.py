"""The order in which stacks are planned and applied; the engine is a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from constructs_lib.values import Problem
from stacks.resources import observed
from stacks.resources.settings import MANAGEMENT
from stacks.tools import command
from stacks.tools.command import Engine, main, plan, stacks_of, up
from tests.stacks.parts import APPS, OPS
from tests.support.kubectl import Kubectl, cluster, conditions
from tests.support.stacks import ENVIRONMENTS, STACKS, WITH_PAIR

NAME = APPS.environment.name
PAIR = [OPS, APPS.name]
ALL = [stack for stack in STACKS if stack != MANAGEMENT]


class Script:
    """An engine that writes down what it is asked, and fails where it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failing, self.outputs, self._asked = (folder / name for name in ("failing", "outputs", "asked"))
        self.failing.write_text("none\n")
        self.outputs.write_text("{}\n" * 9)
        self._asked.touch()
        (folder / "engine").write_text(
            f"""cd {folder}
echo "$*" >> asked
case "$*" in
*"stack output"*) head -1 outputs; sed -i 1d outputs ;;
*) echo "done: $*"; echo "warned" >&2 ;;
esac
case "$*" in *"$(cat failing)"*) exit 7 ;; esac
"""
        )

    @property
    def engine(self) -> Engine:
        return ("sh", str(self.folder / "engine"))

    def asked(self, verb: str) -> list[str]:
        """The stacks of the requests with a verb, in their order."""
        lines = [line.split() for line in self._asked.read_text().splitlines()]
        return [line[line.index("--stack") + 1] for line in lines if line[0] == verb]

    def words(self) -> list[str]:
        return self._asked.read_text().splitlines()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture(autouse=True)
def kubectl(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubectl]:
    monkeypatch.setattr(command, "_PAUSE_SECONDS", 0.0)
    found = Kubectl()
    for stack in ALL:
        found.made(stack)
    with patch.object(observed, "_kubectl", found):
        yield found


@pytest.mark.parametrize(
    ("wanted", "role", "stacks"),
    [
        ([NAME], None, PAIR),
        ([NAME], "ops", PAIR[:1]),
        ([NAME], "apps", PAIR[1:]),
        ([each.name for each in WITH_PAIR], None, ALL),
        ([MANAGEMENT, NAME], None, [MANAGEMENT, *PAIR]),
        ([MANAGEMENT], "ops", []),
    ],
)
def test_the_stacks_of_an_environment_are_its_pair_ops_first(
    wanted: Sequence[str], role: str | None, stacks: list[str]
) -> None:
    assert stacks_of(ENVIRONMENTS, wanted, role) == stacks


def test_an_unknown_environment_is_refused_with_the_known_stacks() -> None:
    with pytest.raises(Problem, match=r"^there is no stack 'nowhere-ops'; the stacks are management, "):
        stacks_of(ENVIRONMENTS, ["nowhere"], None)


# -- plan -----------------------------------------------------------------------------------------------------------


def test_a_plan_only_runs_previews(script: Script) -> None:
    assert plan(script.engine, PAIR, "text") == 0
    assert script.words() == [f"preview --stack {stack} --non-interactive" for stack in PAIR]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_failed_plan_does_not_stop_the_next_and_sets_the_exit_code(script: Script, form: str) -> None:
    script.failing.write_text(OPS)
    assert plan(script.engine, PAIR, form) == 7
    assert script.asked("preview") == PAIR


def test_a_text_plan_names_its_stack(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    plan(script.engine, PAIR, "text")
    lines = capfd.readouterr().out.splitlines()
    assert lines[::2] == [f"{stack}:" for stack in PAIR]


def test_a_json_plan_prints_nothing_else(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    plan(script.engine, PAIR[:1], "json")
    assert capfd.readouterr().out == f"done: preview --stack {OPS} --non-interactive --json\n"


def test_a_markdown_plan_is_collapsible_and_says_whether_it_failed(
    script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    script.failing.write_text(APPS.name)
    plan(script.engine, PAIR, "markdown")
    first, second = capfd.readouterr().out.split("</details>\n")[:2]
    assert f"<summary>plan of <code>{OPS}</code></summary>\n\n```text\ndone: preview --stack {OPS}" in first
    assert f"<summary>failed plan of <code>{APPS.name}</code></summary>" in second
    assert ("--color never" in first, "warned\n```" in first) == (True, True)


# -- up -------------------------------------------------------------------------------------------------------------


def test_ops_is_brought_up_before_apps(script: Script) -> None:
    assert up(script.engine, [MANAGEMENT, *PAIR], 1) == 0
    assert script.words()[0] == f"up --stack {MANAGEMENT} --yes --refresh --non-interactive"
    assert script.asked("up") == [MANAGEMENT, *PAIR]


def test_apps_is_not_started_if_ops_failed(script: Script) -> None:
    script.failing.write_text(f"up --stack {OPS}")
    assert up(script.engine, PAIR, 1) == 7
    assert script.asked("up") == [OPS]


def test_apps_is_started_when_ops_is_healthy(
    script: Script, kubectl: Kubectl, capfd: pytest.CaptureFixture[str]
) -> None:
    looks = iter([None, None, cluster(observedGeneration=1), cluster()])

    class Becoming(dict[str, Any]):
        def __contains__(self, name: object) -> bool:
            if name == OPS:
                # Nothing else may be begun before.
                assert script.asked("up") == [OPS]
                self[OPS] = next(looks)
                return self[OPS] is not None
            return super().__contains__(name)

    kubectl.clusters = Becoming(kubectl.clusters)
    assert up(script.engine, PAIR, 1) == 0
    said = [line for line in capfd.readouterr().err.splitlines() if "waiting" in line]
    assert said == [
        f"  waiting: {OPS} does not exist",
        f"  waiting: Cluster API has not seen the last change of {OPS} yet",
    ]


def test_a_stack_is_applied_again_until_its_database_is_registered(script: Script) -> None:
    waiting = json.dumps({"waiting": f"{OPS} does not answer yet"})
    script.outputs.write_text(f"{waiting}\n{waiting}\n" + "{}\n" * 5)
    assert up(script.engine, PAIR, 1) == 0
    assert script.asked("up") == [OPS, OPS, OPS, APPS.name]


def test_a_stack_with_unreadable_outputs_is_not_treated_as_done(script: Script) -> None:
    script.failing.write_text(f"stack output --stack {OPS}")
    with pytest.raises(Problem) as refused:
        up(script.engine, PAIR, 1)
    assert str(refused.value) == f"cannot read the outputs of {OPS}: no message; run this again"
    assert script.asked("up") == [OPS]


@pytest.mark.parametrize(
    ("available", "outputs", "reason"),
    [
        ("False", "{}", f"{OPS} is not Available: its condition Available is False"),
        ("True", '{"waiting": "no CloudNativePG"}', "no CloudNativePG"),
    ],
)
def test_waiting_for_a_cluster_ends_with_the_reason(
    script: Script, kubectl: Kubectl, available: str, outputs: str, reason: str
) -> None:
    kubectl.clusters[OPS] = cluster(conditions=conditions(Available={"status": available}))
    script.outputs.write_text(f"{outputs}\n" * 99)
    with pytest.raises(Problem) as refused:
        up(script.engine, PAIR, -1)
    assert str(refused.value) == f"{OPS} was not ready in time: {reason}; fix it and run this again"
    assert script.asked("up") == [OPS]


# -- the command line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "stacks"),
    [
        (["up", "-e", NAME], [MANAGEMENT, *PAIR]),
        (["up", "-e", NAME, "--role", "apps"], [APPS.name]),
        (["up", "-e", MANAGEMENT, "-e", NAME], [MANAGEMENT, *PAIR]),
        (["up", "-e", MANAGEMENT], [MANAGEMENT]),
        (["up"], [MANAGEMENT, *ALL]),
    ],
    ids=" ".join,
)
def test_the_management_stack_is_brought_up_first_without_a_role(
    script: Script, arguments: list[str], stacks: list[str]
) -> None:
    assert main(arguments, script.engine) == 0
    assert script.asked("up") == stacks


def test_all_environments_are_planned_by_default(script: Script) -> None:
    assert main(["plan"], script.engine) == 0
    assert script.asked("preview") == ALL


def test_a_problem_is_printed_as_one_sentence(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "-e", "nowhere"], script.engine) == 1
    assert capfd.readouterr().err.startswith("there is no stack 'nowhere-ops'; ")


def test_a_missing_pulumi_command_is_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["plan", "-e", NAME]) == 1
    said = "pulumi is not on PATH; install it as docs/stacks.md says\n"
    assert capfd.readouterr().err == said
