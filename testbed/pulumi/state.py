"""What a stack answers for, in one JSON file; written anew after each step, so that a run can end at any moment."""

import fcntl
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .crypt import Crypt
from .values import SECRET_SIGNATURE, SIGNATURE, Properties, Secret, Value

STACK = "pulumi:pulumi:Stack"
_VERSION = 1


class Locked(Exception):
    """Another run is at work on the stack."""


class Unreadable(Exception):
    """The file is not one of ours."""


@dataclass(frozen=True)
class Resource:
    """One resource, as the last step left it."""

    urn: str
    type: str
    name: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    """The URN and the id of its provider, joined with `::`; nothing for the default one."""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain: bool = False
    deleted_with: str = ""
    external: bool = False
    """It was read, and is not ours to change."""
    doomed: bool = False
    """It was replaced, and is still to be deleted."""
    seconds: float | None = None
    """How long its end may take."""

    @property
    def provider_urn(self) -> str:
        """The URN of its provider, or nothing."""
        return self.provider.rpartition("::")[0]

    @property
    def needs(self) -> set[str]:
        """The URNs of all that must outlive it."""
        named = {self.parent, self.provider_urn, self.deleted_with, *self.dependencies}
        return (named | {urn for urns in self.property_dependencies.values() for urn in urns}) - {""}


@dataclass
class State:
    """All resources of a stack, and the creations that were begun and whose end is not known.

    Threads share it: they hold `lock` from a look to the change that follows from it.
    """

    resources: list[Resource] = field(default_factory=list)
    begun: list[Resource] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def live(self, urn: str) -> Resource | None:
        """The resource of that name, but for a replaced one."""
        return next((each for each in self.resources if each.urn == urn and not each.doomed), None)

    def put(self, new: Resource) -> None:
        """In place of the live one of that name."""
        self.begun = [each for each in self.begun if each.urn != new.urn]
        old = self.live(new.urn)
        if old is None:
            self.resources.append(new)
        else:
            self.resources[self.resources.index(old)] = new

    def begin(self, new: Resource) -> None:
        """Notes that its creation is on its way."""
        self.begun = [*(each for each in self.begun if each.urn != new.urn), new]

    def abandon(self, urn: str) -> None:
        """Its creation is known to have failed."""
        self.begun = [each for each in self.begun if each.urn != urn]

    def drop(self, gone: Resource) -> None:
        """It is no longer there."""
        self.resources = [each for each in self.resources if each is not gone]

    def doom(self, old: Resource) -> None:
        """It was replaced, and stays until it is deleted."""
        self.resources = [replace(each, doomed=True) if each is old else each for each in self.resources]

    def unprotect(self, names: tuple[str, ...]) -> None:
        """The resources of these names, or all, are protected no more."""
        self.resources = [
            replace(each, protect=False) if not names or each.name in names else each for each in self.resources
        ]

    def rename(self, old: str, new: str) -> None:
        """A resource that is known under another URN now, here and in all that refer to it."""
        self.resources = [_renamed(each, old, new) for each in self.resources]

    def outputs(self) -> Properties:
        """Those of the whole stack."""
        return next((each.outputs for each in self.resources if each.type == STACK), {})


class Store:
    """The file of one stack. Secrets in it are encrypted."""

    def __init__(self, folder: Path, stack: str) -> None:
        self._stack = stack
        self._folder = folder
        self._path = folder / f"{stack}.json"
        self._crypt = Crypt(folder)

    @property
    def exists(self) -> bool:
        """Whether the stack was ever brought up."""
        return self._path.exists()

    def load(self) -> State:
        """The last state written; an empty one at first. Raises `Unreadable` and `WrongPassphrase`."""
        if not self.exists:
            return State()
        content = json.loads(self._path.read_text(encoding="utf-8"))
        if content.get("version") != _VERSION:
            raise Unreadable(f"{self._path}: version {content.get('version')}, and this monitor writes {_VERSION}")
        content = self._revealed(content)
        return State(_resources(content["resources"]), _resources(content["begun"]))

    def save(self, state: State) -> None:
        """Exchanges the file as a whole."""
        content = {
            "version": _VERSION,
            "note": "written by the test bed's resource monitor, which is not the pulumi command",
            "resources": [_record(each) for each in state.resources],
            "begun": [_record(each) for each in state.begun],
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".json.new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self._sealed(content), file, indent=1)
        beside.replace(self._path)

    @contextmanager
    def lock(self) -> Generator[None]:
        """Keeps other runs out; ends with the process, whatever becomes of it. Raises `Locked`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{self._stack}.lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise Locked(
                    f"{self._stack}: process {file.read().strip() or 'unknown'} is at work on this stack; "
                    "wait until it has ended, and run this again"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _sealed(self, value: Value) -> Any:
        if isinstance(value, Secret):
            hidden = self._crypt.seal(json.dumps(self._sealed(value.value)))
            return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": hidden}
        if isinstance(value, dict):
            return {key: self._sealed(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._sealed(item) for item in value]
        return value

    def _revealed(self, value: Any) -> Value:
        if isinstance(value, list):
            return [self._revealed(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return Secret(self._revealed(json.loads(self._crypt.reveal(value["ciphertext"]))))
        return {key: self._revealed(item) for key, item in value.items()}


def _record(resource: Resource) -> dict[str, Any]:
    """Its fields that are set."""
    values = {name: getattr(resource, name) for name in Resource.__dataclass_fields__}
    return {name: value for name, value in values.items() if value or name == "custom"}


def _resources(records: list[dict[str, Any]]) -> list[Resource]:
    def one(record: dict[str, Any]) -> Resource:
        depends = {key: tuple(urns) for key, urns in record.pop("property_dependencies", {}).items()}
        dependencies = tuple(record.pop("dependencies", ()))
        return Resource(**record, dependencies=dependencies, property_dependencies=depends)

    return [one(record) for record in records]


def _renamed(resource: Resource, old: str, new: str) -> Resource:
    def name(urn: str) -> str:
        return new if urn == old else urn

    provider = f"{new}{resource.provider.removeprefix(old)}" if resource.provider_urn == old else resource.provider
    return replace(
        resource,
        urn=name(resource.urn),
        parent=name(resource.parent),
        deleted_with=name(resource.deleted_with),
        provider=provider,
        dependencies=tuple(name(urn) for urn in resource.dependencies),
        property_dependencies={
            key: tuple(name(urn) for urn in urns) for key, urns in resource.property_dependencies.items()
        },
    )
