"""What a person is told who sets something wrong."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from constructs_lib.values import Problem
from stacks.resources.settings import MANAGEMENT, PROJECT, ManagementSettings, PairSettings, StackSettings, check, parse
from tests.support.mistakes import by_sentence
from tests.support.stacks import CLUSTER_SPECS, ENVIRONMENTS, SECRETS, first, run, settings_of

STACK = "here-apps"
FILE = f"stacks/Pulumi.{STACK}.yaml"
SET = f"`pulumi config set -s {STACK} --secret {PROJECT}"
NEEDED = {key: SECRETS[key] for key in ("gitPassword", "receiverToken", "alertAddress", "databaseSeed")}
RESTORE = {"source": "postgres", "archive": "second", "time": "2026-11-20T08:30:00Z"}


def _parse(kind: type[StackSettings], given: dict[str, Any], plain: tuple[str, ...] = ()) -> Any:
    texts = {key: text if isinstance(text, str) else json.dumps(text) for key, text in given.items()}
    secret = {f"{PROJECT}:{key}" for key in {*SECRETS, "kubeconfig"} if key not in plain}
    return parse(kind, STACK, {f"{PROJECT}:{key}": text for key, text in texts.items()}, secret)


def _pair(**given: Any) -> PairSettings:
    settings: PairSettings = _parse(PairSettings, {**NEEDED, **given})
    return settings


def _sentences(kind: type[StackSettings], given: dict[str, Any], plain: tuple[str, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(Problem) as refused:
        _parse(kind, given, plain)
    return refused.value.sentences


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gitPasword": "x"}, "PairSettings has no field `gitPasword`; did you mean `gitPassword`?"),
        ({"unprotected": ["databases"]}, "unprotected.0 must be 'cluster' or 'database', got 'databases'"),
        ({"unprotected": "database"}, "unprotected must be a list, got 'database'"),
        ({"signers": "ssh-ed25519 AAAA"}, "signers must be a mapping, got 'ssh-ed25519 AAAA'"),
        ({"restore": {**RESTORE, "archive": "B"}}, "restore.archive must be a name"),
        ({"restore": {"source": "postgres", "archive": "second"}}, "restore.time must be given"),
        ({"restore": {**RESTORE, "time": "2026-11-20T08:30:00"}}, "restore.time must name its zone"),
        ({"databaseSeed": ""}, "databaseSeed must not be empty"),
    ],
    ids=by_sentence,
)
def test_a_wrong_setting_is_refused_with_its_file(given: dict[str, Any], sentence: str) -> None:
    (said,) = _sentences(PairSettings, {**NEEDED, **given})
    assert said.startswith(f"{FILE}: {sentence}")


@pytest.mark.parametrize("key", NEEDED)
def test_a_missing_setting_is_refused_with_the_command_that_sets_it(key: str) -> None:
    given = {other: text for other, text in NEEDED.items() if other != key}
    assert _sentences(PairSettings, given) == (f"{FILE}: {key} is required; set it with {SET}:{key}`",)


def test_all_missing_settings_are_reported_at_once() -> None:
    assert len(_sentences(PairSettings, {})) == len(NEEDED)


@pytest.mark.parametrize("key", [*SECRETS, "kubeconfig"])
def test_a_secret_in_plain_text_is_refused_and_not_repeated(key: str) -> None:
    text = SECRETS.get(key, "planted-kubeconfig")
    (said,) = _sentences(PairSettings, {**NEEDED, key: text}, plain=(key,))
    assert said == f"{FILE}: {key} is a secret in plain text; set it with {SET}:{key}`"


def test_a_secret_under_its_python_name_is_refused() -> None:
    given = {"git_password" if key == "gitPassword" else key: text for key, text in NEEDED.items()}
    said = _sentences(PairSettings, given, plain=("git_password",))
    assert f"{FILE}: PairSettings has no field `git_password`; did you mean `gitPassword`?" in said


@pytest.mark.parametrize("text", ["planted", '["planted"]', '{"clouds.yaml": 1}', '{"clouds.yaml": {"planted": "x"}}'])
def test_the_infrastructure_secret_must_be_a_json_object_of_strings(text: str) -> None:
    (said,) = _sentences(PairSettings, {**NEEDED, "infrastructureSecret": text})
    assert said.startswith(f"{FILE}: infrastructureSecret must be a JSON object of strings by file name")
    assert "planted" not in said


def test_a_setting_shows_no_secret_when_it_is_printed() -> None:
    assert "planted" not in f"{_pair(**SECRETS)!r} {_pair(**SECRETS)}"


BACKED_UP = first("apps", lambda cluster_spec: cluster_spec.environment.database.backups).environment
NOT_BACKED_UP = first("apps", lambda cluster_spec: cluster_spec.environment.database.backups is None).environment
KEYS = {"backupKeyId": "id", "backupKey": "key"}
SIGNERS = {"signers": {"publisher.sshpub": "ssh-ed25519 AAAA"}}


def _checked(environment: Any, **given: Any) -> tuple[str, ...]:
    with pytest.raises(Problem) as refused:
        check(_pair(**given), environment, STACK)
    return refused.value.sentences


def test_backup_keys_are_required_if_there_are_backups() -> None:
    said = tuple(f"{FILE}: {key} is required; set it with {SET}:{key}`" for key in KEYS)
    assert _checked(BACKED_UP, **SIGNERS) == said


def test_signers_are_required_if_commits_must_be_signed() -> None:
    said = f"signers is required, because {BACKED_UP.name} accepts signed commits only; add the public keys under"
    assert _checked(BACKED_UP, **KEYS) == (f"{FILE}: {said} {PROJECT}:signers",)


def test_a_restore_without_backups_is_refused() -> None:
    said = f"restore needs backups, and the databases of {NOT_BACKED_UP.name} have none; remove it"
    assert _checked(NOT_BACKED_UP, **SIGNERS, restore=RESTORE) == (f"{FILE}: {said}",)


def test_a_restore_to_its_own_archive_is_refused() -> None:
    same = {**RESTORE, "archive": RESTORE["source"]}
    said = "restore needs a new archive to write to, got 'postgres' for both"
    assert _checked(BACKED_UP, **SIGNERS, **KEYS, restore=same) == (f"{FILE}: {said}",)


def test_a_restore_is_read_with_its_time() -> None:
    restore = _pair(restore=RESTORE).restore
    assert restore
    assert restore.time == datetime.datetime(2026, 11, 20, 8, 30, tzinfo=datetime.UTC)


def test_settings_of_other_projects_are_ignored() -> None:
    given = {f"{PROJECT}:{key}": text for key, text in NEEDED.items()}
    assert parse(PairSettings, STACK, {**given, "kubernetes:context": "x", "pulumi:tags": "{}"}, given)


@pytest.mark.parametrize("stack", [cluster_spec.name for cluster_spec in CLUSTER_SPECS])
def test_the_committed_settings_of_a_cluster_lack_only_secrets(stack: str) -> None:
    settings: PairSettings = _parse(PairSettings, {**settings_of(stack), **SECRETS})
    check(settings, ENVIRONMENTS[stack.rpartition("-")[0]], stack)
    assert not set(settings_of(stack)) & set(SECRETS)


def test_the_committed_settings_of_the_management_cluster_name_every_environment() -> None:
    settings: ManagementSettings = _parse(ManagementSettings, dict(settings_of(MANAGEMENT)))
    assert list(settings.access) == list(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, f"owner is required; set it with `pulumi config set -s {STACK} {PROJECT}:owner`"),
        ({"owner": "team", "access": {"x": {"own": ["a"]}}}, "each key of access.x must be 'view', 'operate'"),
        ({"owner": "team", "access": {"x": {"view": "developers"}}}, "access.x.view must be a list, got 'developers'"),
        ({"owner": "team", "access": {"x": {"view": [""]}}}, "access.x.view.0 "),
    ],
    ids=by_sentence,
)
def test_a_wrong_setting_of_the_management_cluster_is_refused(given: dict[str, Any], sentence: str) -> None:
    (said,) = _sentences(ManagementSettings, given)
    assert said.startswith(f"{FILE}: {sentence}")


def test_access_to_an_unknown_environment_is_refused() -> None:
    made = run(MANAGEMENT, config={"access": '{"nowhere": {"view": ["all"]}}'})
    said = (
        "stacks/Pulumi.management.yaml: access names 'nowhere', but there is no such environment; the environments are "
    )
    assert made.refused == (said + ", ".join(ENVIRONMENTS),)
    assert made.registered == []
