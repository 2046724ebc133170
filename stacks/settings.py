"""The settings of a stack, as `stacks/Pulumi.<stack>.yaml` holds them, checked before anything is registered.

Secrets are set with `pulumi config set --secret`; a secret that stands there in plain is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import pulumi
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from constructs_lib import Environment
from constructs_lib.values import Problem, Value, sentences
from constructs_lib.values.base import FileName, Line, Many, Name

PROJECT = "desired"
"""Pulumi's project, and the namespace of our settings."""
MANAGEMENT = "management"
"""The stack of the management cluster's own platform."""

Access = Literal["view", "operate", "administer"]


def _given(secret: SecretStr) -> SecretStr:
    """Refuses what an unset variable of a pipeline gives."""
    if not secret.get_secret_value():
        raise ValueError("must not be empty")
    return secret


def _texts(secret: SecretStr) -> SecretStr:
    """Refuses what is no JSON of texts, without repeating it."""
    try:
        data = json.loads(secret.get_secret_value())
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
        raise ValueError('must be JSON of texts by file name, such as {"clouds.yaml": "…"}')
    return secret


_Secret = Annotated[SecretStr, AfterValidator(_given)]
_EMPTY = SecretStr('{"auths":{}}')


class Settings(Value):
    """What one stack is told beside `envs/`."""

    stands_alone: ClassVar[bool] = True
    model_config: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


Told = TypeVar("Told", bound=Settings)


class Restore(Value):
    """A database that begins as another one was at some time."""

    source: Name
    """The archive that is read: `postgres`, or the `archive` of the restore before."""
    archive: Name
    """The archive that is written from then on; it must be a new one."""
    time: AwareDatetime
    """The point in time, with its zone: `2026-11-20T08:30:00Z`."""

    def __str__(self) -> str:
        return f"{self.source} to {self.archive} at {self.time.isoformat()}"


class PairSettings(Settings):
    """The settings of `<environment>-ops` and `<environment>-apps`."""

    git_username: Line = "fleet"
    """With which the cluster pulls the manifests."""
    git_password: _Secret
    """With which the cluster pulls the manifests."""
    signers: dict[FileName, Line] = {}
    """Public SSH keys of those who may sign commits, by file name, such as `publisher.sshpub`."""
    receiver_token: _Secret
    """Shared with those who tell the cluster that `live` has moved."""
    alert_address: _Secret
    """Where alerts of the GitOps agent are sent to."""
    image_pull: SecretStr = _EMPTY
    """The `config.json` with which nodes pull images."""
    infrastructure_secret: Annotated[SecretStr, AfterValidator(_texts)] | None = None
    """JSON of texts by file name: what the infrastructure reads from the Secret of its own name beside the cluster."""
    database_seed: _Secret
    """What the databases' passwords are derived from; another one changes them all."""
    backup_key_id: SecretStr | None = None
    """The id of the object store's access key."""
    backup_key: SecretStr | None = None
    """The object store's secret access key."""
    kubeconfig: SecretStr | None = None
    """With which the cluster's own API is reached from here; the one that Cluster API makes when not given."""
    restore: Restore | None = None
    """Set it to make the database anew from a backup; it stays for as long as that database lives."""
    unprotected: Many[Literal["cluster", "database"]] = ()
    """What may be deleted or replaced although its environment is protected: the first of two steps."""


class ManagementSettings(Settings):
    """The settings of `management`."""

    owner: Name
    """The team that answers for the management cluster."""
    access: dict[Name, dict[Access, Many[Annotated[Line, Field(min_length=1)]]]] = {}
    """Who may do what: groups by right by environment."""


def read(kind: type[Told], stack: str) -> Told:
    """The settings of the program that runs. Raises Problem with all that is wrong."""
    given = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    secret = {*pulumi.runtime.config.get_config_secret_keys_env(), *pulumi.runtime.config._SECRET_KEYS.get()}
    return parse(kind, stack, given, secret)


def parse(kind: type[Told], stack: str, given: Mapping[str, str], secret: Collection[str]) -> Told:
    """Reads settings as Pulumi hands them over: texts, of which those that are not text are JSON."""
    prefix = f"{PROJECT}:"
    found = {key.removeprefix(prefix): text for key, text in given.items() if key.startswith(prefix)}
    fields = {to_camel(name): field for name, field in kind.model_fields.items()}
    secrets = {name for name, field in fields.items() if "SecretStr" in str(field.annotation)}
    data = {key: text if key in secrets or key not in fields else _data(text) for key, text in found.items()}
    if plain := [key for key in found if key in secrets and prefix + key not in secret]:
        raise Problem(*(_in_plain(stack, key) for key in plain))
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        where = f"stacks/Pulumi.{stack}.yaml"
        missing = {f"{where}: {key} must be given": _how(stack, key, key in secrets) for key in fields}
        raise Problem(*(missing.get(said, said) for said in sentences(where, error))) from None


def check(settings: PairSettings, environment: Environment, stack: str) -> None:
    """Raises Problem with what the environment needs and the settings lack."""
    wrong = []
    where = f"stacks/Pulumi.{stack}.yaml"
    if environment.git.signers and not settings.signers:
        wrong.append(
            f"{where}: signers must be given, as {environment.name} takes signed commits only; name the public keys "
            f"under {PROJECT}:signers"
        )
    if environment.database.backups and not (settings.backup_key_id and settings.backup_key):
        wrong += [_how(stack, key, True) for key in ("backupKeyId", "backupKey")]
    if settings.restore and not environment.database.backups:
        wrong.append(f"{where}: restore needs backups, and the databases of {environment.name} have none; remove it")
    if settings.restore and settings.restore.source == settings.restore.archive:
        wrong.append(f"{where}: restore must write to a new archive, got {settings.restore.archive!r} for both")
    if wrong:
        raise Problem(*wrong)


def _data(text: str) -> Any:
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return data if isinstance(data, dict | list) else text


def _in_plain(stack: str, key: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml: {key} stands there in plain; set it with {_command(stack, key, True)}"


def _how(stack: str, key: str, secret: bool) -> str:
    return f"stacks/Pulumi.{stack}.yaml: {key} must be given; set it with {_command(stack, key, secret)}"


def _command(stack: str, key: str, secret: bool) -> str:
    return f"`pulumi config set -s {stack} {'--secret ' if secret else ''}{PROJECT}:{key}`"


__all__ = ["MANAGEMENT", "PROJECT", "ManagementSettings", "PairSettings", "Restore", "check", "parse", "read"]
