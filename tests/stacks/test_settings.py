"""What a person is told who sets something wrong."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from constructs_lib.values import Problem
from stacks.settings import MANAGEMENT, PROJECT, ManagementSettings, PairSettings, Settings, check, parse
from tests.support.mistakes import by_sentence
from tests.support.stacks import ENVIRONMENTS, SECRETS, SIDES, first, run, settings_of

STACK = "here-apps"
FILE = f"stacks/Pulumi.{STACK}.yaml"
SET = f"`pulumi config set -s {STACK} --secret {PROJECT}"
NEEDED = {key: SECRETS[key] for key in ("gitPassword", "receiverToken", "alertAddress", "databaseSeed")}
RESTORE = {"source": "postgres", "archive": "second", "time": "2026-11-20T08:30:00Z"}


def _parse(kind: type[Settings], given: dict[str, Any], plain: tuple[str, ...] = ()) -> Any:
    texts = {key: text if isinstance(text, str) else json.dumps(text) for key, text in given.items()}
    secret = {f"{PROJECT}:{key}" for key in {*SECRETS, "kubeconfig"} if key not in plain}
    return parse(kind, STACK, {f"{PROJECT}:{key}": text for key, text in texts.items()}, secret)


def _pair(**given: Any) -> PairSettings:
    settings: PairSettings = _parse(PairSettings, {**NEEDED, **given})
    return settings


def _sentences(kind: type[Settings], given: dict[str, Any], plain: tuple[str, ...] = ()) -> tuple[str, ...]:
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
def test_what_is_wrong_is_said_with_the_file_that_it_stands_in(given: dict[str, Any], sentence: str) -> None:
    (said,) = _sentences(PairSettings, {**NEEDED, **given})
    assert said.startswith(f"{FILE}: {sentence}")


@pytest.mark.parametrize("key", NEEDED)
def test_what_is_missing_is_said_with_the_command_that_sets_it(key: str) -> None:
    given = {other: text for other, text in NEEDED.items() if other != key}
    assert _sentences(PairSettings, given) == (f"{FILE}: {key} must be given; set it with {SET}:{key}`",)


def test_all_that_is_missing_is_said_at_once() -> None:
    assert len(_sentences(PairSettings, {})) == len(NEEDED)


@pytest.mark.parametrize("key", [*SECRETS, "kubeconfig"])
def test_a_secret_that_stands_there_in_plain_is_refused_and_not_repeated(key: str) -> None:
    text = SECRETS.get(key, "planted-kubeconfig")
    (said,) = _sentences(PairSettings, {**NEEDED, key: text}, plain=(key,))
    assert said == f"{FILE}: {key} stands there in plain; set it with {SET}:{key}`"


def test_a_secret_has_one_name_under_which_it_may_stand_there_in_plain_neither() -> None:
    given = {"git_password" if key == "gitPassword" else key: text for key, text in NEEDED.items()}
    said = _sentences(PairSettings, given, plain=("git_password",))
    assert f"{FILE}: PairSettings has no field `git_password`; did you mean `gitPassword`?" in said


@pytest.mark.parametrize("text", ["planted", '["planted"]', '{"clouds.yaml": 1}', '{"clouds.yaml": {"planted": "x"}}'])
def test_the_infrastructures_secret_is_json_of_texts_by_file_name(text: str) -> None:
    (said,) = _sentences(PairSettings, {**NEEDED, "infrastructureSecret": text})
    assert said.startswith(f"{FILE}: infrastructureSecret must be JSON of texts by file name")
    assert "planted" not in said


def test_a_setting_shows_no_secret_when_it_is_printed() -> None:
    assert "planted" not in f"{_pair(**SECRETS)!r} {_pair(**SECRETS)}"


BACKED_UP = first("apps", lambda side: side.environment.database.backups).environment
NOT_BACKED_UP = first("apps", lambda side: side.environment.database.backups is None).environment
KEYS = {"backupKeyId": "id", "backupKey": "key"}
SIGNERS = {"signers": {"publisher.sshpub": "ssh-ed25519 AAAA"}}


def _checked(environment: Any, **given: Any) -> tuple[str, ...]:
    with pytest.raises(Problem) as refused:
        check(_pair(**given), environment, STACK)
    return refused.value.sentences


def test_keys_must_be_given_where_databases_are_backed_up() -> None:
    said = tuple(f"{FILE}: {key} must be given; set it with {SET}:{key}`" for key in KEYS)
    assert _checked(BACKED_UP, **SIGNERS) == said


def test_signers_must_be_given_where_only_signed_commits_are_taken() -> None:
    said = f"signers must be given, as {BACKED_UP.name} takes signed commits only; name the public keys under"
    assert _checked(BACKED_UP, **KEYS) == (f"{FILE}: {said} {PROJECT}:signers",)


def test_nothing_is_restored_where_nothing_is_backed_up() -> None:
    said = f"restore needs backups, and the databases of {NOT_BACKED_UP.name} have none; remove it"
    assert _checked(NOT_BACKED_UP, **SIGNERS, restore=RESTORE) == (f"{FILE}: {said}",)


def test_a_restored_database_does_not_write_to_the_archive_that_it_reads() -> None:
    same = {**RESTORE, "archive": RESTORE["source"]}
    said = "restore must write to a new archive, got 'postgres' for both"
    assert _checked(BACKED_UP, **SIGNERS, **KEYS, restore=same) == (f"{FILE}: {said}",)


def test_a_restore_is_read_with_its_time() -> None:
    restore = _pair(restore=RESTORE).restore
    assert restore
    assert restore.time == datetime.datetime(2026, 11, 20, 8, 30, tzinfo=datetime.UTC)


def test_other_projects_settings_are_none_of_ours() -> None:
    given = {f"{PROJECT}:{key}": text for key, text in NEEDED.items()}
    assert parse(PairSettings, STACK, {**given, "kubernetes:context": "x", "pulumi:tags": "{}"}, given)


@pytest.mark.parametrize("stack", [side.name for side in SIDES])
def test_the_committed_settings_of_a_cluster_lack_nothing_but_secrets(stack: str) -> None:
    settings: PairSettings = _parse(PairSettings, {**settings_of(stack), **SECRETS})
    check(settings, ENVIRONMENTS[stack.rpartition("-")[0]], stack)
    assert not set(settings_of(stack)) & set(SECRETS)


def test_the_committed_settings_of_the_management_cluster_name_every_environment() -> None:
    settings: ManagementSettings = _parse(ManagementSettings, dict(settings_of(MANAGEMENT)))
    assert list(settings.access) == list(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, f"owner must be given; set it with `pulumi config set -s {STACK} {PROJECT}:owner`"),
        ({"owner": "team", "access": {"x": {"own": ["a"]}}}, "each key of access.x must be 'view', 'operate'"),
        ({"owner": "team", "access": {"x": {"view": "developers"}}}, "access.x.view must be a list, got 'developers'"),
        ({"owner": "team", "access": {"x": {"view": [""]}}}, "access.x.view.0 "),
    ],
    ids=by_sentence,
)
def test_what_is_wrong_with_the_management_cluster_is_said(given: dict[str, Any], sentence: str) -> None:
    (said,) = _sentences(ManagementSettings, given)
    assert said.startswith(f"{FILE}: {sentence}")


def test_access_to_an_environment_that_is_none_is_refused() -> None:
    made = run(MANAGEMENT, config={"access": '{"nowhere": {"view": ["all"]}}'})
    said = "stacks/Pulumi.management.yaml: access names 'nowhere', which is no environment; there are "
    assert made.refused == (said + ", ".join(ENVIRONMENTS),)
    assert made.registered == []
