"""The settings of a stack, read from `stacks/Pulumi.<stack>.yaml` and checked before anything is registered.

Secrets are set with `pulumi config set --secret`. A secret in plain text is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Literal, TypeVar

import pulumi
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from constructs_lib import Environment
from constructs_lib.values import Problem, Value, sentences
from constructs_lib.values.base import FileName, Line, Many, Name

PROJECT = "desired"
"""The Pulumi project, and the namespace of our settings."""
MANAGEMENT = "management"
"""The stack of the management cluster's own platform."""

Access = Literal["view", "operate", "administer"]


def _not_empty(secret: SecretStr) -> SecretStr:
    """Refuses an empty secret, such as an unset variable of a pipeline gives."""
    if not secret.get_secret_value():
        raise ValueError("must not be empty")
    return secret


def _strings_by_name(secret: SecretStr) -> SecretStr:
    """Refuses anything but a JSON object of strings. The message does not repeat the secret."""
    try:
        data = json.loads(secret.get_secret_value())
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
        raise ValueError('must be a JSON object of strings by file name, such as {"clouds.yaml": "…"}')
    return secret


_Secret = Annotated[SecretStr, AfterValidator(_not_empty)]
_EMPTY = SecretStr('{"auths":{}}')


class StackSettings(Value):
    """The settings of one stack, beside what `envs/` says."""

    stands_alone: ClassVar[bool] = True
    model_config: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


AnySettings = TypeVar("AnySettings", bound=StackSettings)


class DatabaseRestore(Value):
    """A database that starts from the backup of another one, at a point in time."""

    source: Name
    """The archive to read: `postgres`, or the `archive` of the previous restore."""
    archive: Name
    """The archive to write from then on. It must be a new one."""
    time: AwareDatetime
    """The point in time, with its time zone: `2026-11-20T08:30:00Z`."""

    def __str__(self) -> str:
        return f"{self.source} to {self.archive} at {self.time.isoformat()}"


class PairSettings(StackSettings):
    """The settings of `<environment>-ops` and `<environment>-apps`."""

    git_username: Line = "fleet"
    """The user name with which the cluster pulls the manifests."""
    git_password: _Secret
    """The password with which the cluster pulls the manifests."""
    signers: dict[FileName, Line] = {}
    """Public SSH keys of those who may sign commits, by file name, such as `publisher.sshpub`."""
    receiver_token: _Secret
    """The token that calls to Flux carry when `live` has moved."""
    alert_address: _Secret
    """The address that Flux sends its alerts to."""
    image_pull: SecretStr = _EMPTY
    """The `config.json` with which nodes pull images."""
    infrastructure_secret: Annotated[SecretStr, AfterValidator(_strings_by_name)] | None = None
    """A JSON object of strings by file name: the Secret that the infrastructure reads in the cluster's namespace."""
    database_seed: _Secret
    """The secret that all database passwords are derived from. Changing it changes them all."""
    backup_key_id: SecretStr | None = None
    """The id of the object store's access key."""
    backup_key: SecretStr | None = None
    """The object store's secret access key."""
    kubeconfig: SecretStr | None = None
    """How to reach the cluster's own API from here. Default: the kubeconfig that Cluster API makes."""
    restore: DatabaseRestore | None = None
    """Set it to replace the database with one restored from a backup. Keep it as long as that database exists."""
    unprotected: Many[Literal["cluster", "database"]] = ()
    """Which parts may be deleted or replaced although the environment is protected: the first of two steps."""


class ManagementSettings(StackSettings):
    """The settings of `management`."""

    owner: Name
    """The team that owns the management cluster."""
    access: dict[Name, dict[Access, Many[Annotated[Line, Field(min_length=1)]]]] = {}
    """The groups that may view, operate or administer the clusters of each environment."""


def read(kind: type[AnySettings], stack: str) -> AnySettings:
    """The settings of the running program. Raises Problem with everything that is wrong."""
    given = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    secret = {*pulumi.runtime.config.get_config_secret_keys_env(), *pulumi.runtime.config._SECRET_KEYS.get()}
    return parse(kind, stack, given, secret)


def parse(kind: type[AnySettings], stack: str, given: Mapping[str, str], secret: Collection[str]) -> AnySettings:
    """Reads settings as Pulumi hands them over: as strings, which hold JSON where the value is not a string."""
    prefix = f"{PROJECT}:"
    found = {key.removeprefix(prefix): text for key, text in given.items() if key.startswith(prefix)}
    fields = {to_camel(name): field for name, field in kind.model_fields.items()}
    secrets = {name for name, field in fields.items() if "SecretStr" in str(field.annotation)}
    data = {key: text if key in secrets or key not in fields else _data(text) for key, text in found.items()}
    if plain := [key for key in found if key in secrets and prefix + key not in secret]:
        raise Problem(*(_in_plain_text(stack, key) for key in plain))
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        absent = [str(each["loc"][0]) for each in error.errors() if each["type"] == "missing" and len(each["loc"]) == 1]
        remedies = {f"{_file(stack)}: {key} ": _missing(stack, key, key in secrets) for key in absent}
        raise Problem(*(_first(remedies, each) or each for each in sentences(_file(stack), error))) from None


def check(settings: PairSettings, environment: Environment, stack: str) -> None:
    """Raises Problem with the settings that the environment needs and that are missing or wrong."""
    wrong = []
    where = _file(stack)
    if environment.git.signers and not settings.signers:
        wrong.append(
            f"{where}: signers is required, because {environment.name} accepts signed commits only; add the public "
            f"keys under {PROJECT}:signers"
        )
    if environment.database.backups and not (settings.backup_key_id and settings.backup_key):
        wrong += [_missing(stack, key, True) for key in ("backupKeyId", "backupKey")]
    if settings.restore and not environment.database.backups:
        wrong.append(f"{where}: restore needs backups, and the databases of {environment.name} have none; remove it")
    if settings.restore and settings.restore.source == settings.restore.archive:
        wrong.append(f"{where}: restore needs a new archive to write to, got {settings.restore.archive!r} for both")
    if wrong:
        raise Problem(*wrong)


def _data(text: str) -> object:
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return data if isinstance(data, dict | list) else text


def _first(remedies: Mapping[str, str], sentence: str) -> str | None:
    return next((remedy for start, remedy in remedies.items() if sentence.startswith(start)), None)


def _in_plain_text(stack: str, key: str) -> str:
    return f"{_file(stack)}: {key} is a secret in plain text; set it with {_command(stack, key, True)}"


def _missing(stack: str, key: str, secret: bool) -> str:
    return f"{_file(stack)}: {key} is required; set it with {_command(stack, key, secret)}"


def _file(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def _command(stack: str, key: str, secret: bool) -> str:
    return f"`pulumi config set -s {stack} {'--secret ' if secret else ''}{PROJECT}:{key}`"


__all__ = [
    "MANAGEMENT",
    "PROJECT",
    "DatabaseRestore",
    "ManagementSettings",
    "PairSettings",
    "StackSettings",
    "check",
    "parse",
    "read",
]
