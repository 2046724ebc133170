"""The pipelines of GitHub and GitLab: what must hold for them, and that its breach is noticed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.pipelines import (
    CHECKS,
    GITHUB,
    GITLAB,
    SAME_PROJECT,
    SAME_REPOSITORY,
    Check,
    approvals,
    at_the_wrong_time,
    commands,
    dead_paths,
    demonstrations,
    foreign_code,
    foreign_requests,
    hidden_plans,
    jobs,
    lost_in_the_middle,
    names,
    not_pinned,
    other_chains,
    other_environments,
    rights,
    several_at_a_time,
    tasks_that_do_not_exist,
    without_environment,
)
from tests.support.repository import ROOT

SCHEMAS = {GITHUB: "vendor.github-workflows", GITLAB: "vendor.gitlab-ci"}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


EVERY = [pytest.param(file, check, id=f"{check.__name__}-{file}") for file, all_ in CHECKS.items() for check in all_]


def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def found(check: Check, text: str) -> list[str]:
    return list(check(yaml.safe_load(text)))


def refused(file: Path, schema: str) -> bool:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(words, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_pipeline_is_what_its_schema_says(file: str) -> None:
    assert not refused(ROOT / file, SCHEMAS[file])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [(GITHUB, "runs-on:", "runs_on:"), (GITLAB, "  script:", "  scripts:")],
)
def test_a_schema_notices_a_wrong_word(file: str, old: str, new: str, tmp_path: Path) -> None:
    wrong = tmp_path / "pipeline.yml"
    wrong.write_text(text_of(file).replace(old, new), encoding="utf-8")
    assert refused(wrong, SCHEMAS[file])


@pytest.mark.parametrize(("file", "check"), EVERY)
def test_a_pipeline_holds_to(file: str, check: Check) -> None:
    assert found(check, text_of(file)) == []


@pytest.mark.parametrize(
    ("file", "check", "old", "new"),
    [
        (GITHUB, tasks_that_do_not_exist, "run: make test", "run: make tset"),
        (GITLAB, tasks_that_do_not_exist, "make diff", "make differ"),
        (GITHUB, other_environments, "[management, staging,", "[staging,"),
        (GITHUB, other_environments, "[staging, preprod, prod]", "[preprod, staging, prod]"),
        (GITLAB, other_environments, "preprod, prod]", "prod]"),
        (GITLAB, other_chains, "needs: [staging-ops]", "needs: [management]"),
        (GITLAB, other_chains, "needs: [preprod-apps]", "needs: []"),
        (GITLAB, other_chains, "variables: {ENVIRONMENT: prod}", "variables: {ENVIRONMENT: staging}"),
        (GITHUB, several_at_a_time, "max-parallel: 1", "max-parallel: 2"),
        (GITHUB, several_at_a_time, "fail-fast: true", "fail-fast: false"),
        (GITHUB, lost_in_the_middle, "cancel-in-progress: false", "cancel-in-progress: true"),
        (GITHUB, lost_in_the_middle, "}}-apps\", cancel", "}}\", cancel"),
        (GITLAB, lost_in_the_middle, "resource_group: publish", "resource_group: $CI_COMMIT_SHA"),
        (GITLAB, lost_in_the_middle, "  stage: ops\n", "  stage: ops\n  interruptible: true\n"),
        (GITHUB, demonstrations, "run: pulumi version", "run: kubectl version"),
        (GITLAB, demonstrations, "    - pulumi version\n", ""),
        (GITHUB, not_pinned, "@d3f86a106a0bac45b974a628896c90dbdf5c8093", "@v4"),
        (GITHUB, not_pinned, "@sha256:", ":"),
        (GITLAB, not_pinned, "@sha256:", ":"),
        (GITHUB, rights, "permissions: {}\n\ndefaults", "defaults"),
        (GITHUB, rights, "    permissions: {contents: read}\n", ""),
        (GITHUB, rights, "permissions: {contents: read}", "permissions: {contents: write}"),
        (GITHUB, foreign_code, "  pull_request:\n", "  pull_request_target:\n"),
        (GITHUB, foreign_code, 'ENV="$ENVIRONMENT" ROLE=ops', "ENV=${{ matrix.environment }} ROLE=ops"),
        (GITHUB, foreign_code, f" && {SAME_REPOSITORY}", ""),
        (GITLAB, foreign_requests, f" && {SAME_PROJECT}", ""),
        (GITHUB, at_the_wrong_time, "startsWith(github.ref, 'refs/tags/v')", "github.ref == 'refs/heads/main'"),
        (GITLAB, at_the_wrong_time, "  extends: [.tagged,", "  extends: [.merged,"),
        (GITHUB, hidden_plans, "fail-fast: false", "fail-fast: true"),
        (GITHUB, hidden_plans, "if: always()", "if: success()"),
        (GITHUB, hidden_plans, "!cancelled() && ", ""),
        (GITLAB, hidden_plans, "when: always,", "when: on_success,"),
        (GITLAB, hidden_plans, "      when: always\n", ""),
        (GITLAB, approvals, "      when: manual\n", ""),
        (GITHUB, without_environment, "    environment: ${{ matrix.environment }}-apps\n", ""),
        (GITLAB, without_environment, "  environment: $ENVIRONMENT-apps\n", ""),
        (GITHUB, dead_paths, "- locks/**", "- lock/**"),
        (GITLAB, dead_paths, "- locks/**/*", "- lock/**/*"),
    ],
)  # fmt: skip
def test_a_breach_is_noticed(file: str, check: Check, old: str, new: str) -> None:
    text = text_of(file)
    assert old in text
    assert found(check, text.replace(old, new))


def test_every_check_is_seen_to_notice_something() -> None:
    marks = test_a_breach_is_noticed.pytestmark  # type: ignore[attr-defined]
    planted = {(row[0], row[1]) for row in marks[0].args[1]}
    assert planted >= {(file, check) for file, checks in CHECKS.items() for check in checks}


def test_both_pipelines_call_the_same_tasks() -> None:
    def tasks(file: str) -> set[str]:
        said = [each for job in jobs(yaml.safe_load(text_of(file))).values() for each in commands(job)]
        return set(re.findall(r"make [\w./-]+|desired \w+|-m [\w.]+", " ".join(said)))

    assert tasks(GITHUB) == tasks(GITLAB)


@pytest.mark.parametrize("role", ["ops", "apps"])
def test_a_stack_has_its_settings(role: str) -> None:
    assert [name for name in names() if not (ROOT / f"stacks/Pulumi.{name}-{role}.yaml").is_file()] == []
