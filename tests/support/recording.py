"""Runs a Pulumi program as Pulumi does, but for an engine: what it registers, exports and says is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import pulumi
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pulumi.runtime.proto.engine_pb2 import WARNING, LogRequest
from pulumi.runtime.proto.resource_pb2 import (
    RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    RESOURCE_MONITOR_FEATURE_SECRETS,
    DeploymentInfo,
    ReadResourceRequest,
    ReadResourceResponse,
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)

from constructs_lib.values import Problem
from stacks.resources.settings import PROJECT

_SECRET = "4dabf18193072939515e22adb298388d"
"""Pulumi's mark of a value that is not what it looks like, such as a secret."""
_STACK = "pulumi:pulumi:Stack"
_SECONDS = 300
_Program = Callable[[], Awaitable[Mapping[str, Any]]]


class Registered(NamedTuple):
    """A request to register a resource."""

    urn: str
    request: RegisterResourceRequest

    @property
    def kind(self) -> str:
        """Pulumi's type, without the package: `cluster.x-k8s.io/v1beta2:Cluster`."""
        return self.request.type.removeprefix("kubernetes:")

    @property
    def name(self) -> str:
        """Its name in the stack."""
        return self.request.name

    @property
    def item(self) -> dict[str, Any]:
        """The Kubernetes object, or other inputs, with its secrets."""
        opened: dict[str, Any] = _opened(MessageToDict(self.request.object))
        return opened

    @property
    def provider(self) -> str:
        """The name of its provider."""
        return self.request.provider.split("::")[-2] if self.request.provider else ""

    @property
    def kept(self) -> tuple[bool, bool]:
        """Whether it is protected, and whether it is retained on delete."""
        return self.request.protect, self.request.retainOnDelete

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Run:
    """What came of a stack."""

    def __init__(self) -> None:
        self.registered: list[Registered] = []
        self.outputs: dict[str, Any] = {}
        """Of the stack."""
        self.notes: list[str] = []
        """The log."""
        self.warnings: list[str] = []
        self.refused: tuple[str, ...] = ()
        """The sentences of the Problem with which it ended."""
        self.messages: list[Message] = []
        """All that was sent to the engine."""

    @property
    def objects(self) -> list[Registered]:
        """The Kubernetes objects."""
        return [each for each in self.registered if each.request.type.startswith("kubernetes:")]

    def of(self, kind: str) -> list[Registered]:
        """Those of a kind."""
        return [each for each in self.registered if each.kind == kind]

    def one(self, kind: str, name: str = "") -> Registered:
        """The only one of a kind, or the one of that name."""
        (found,) = [each for each in self.of(kind) if name in ("", each.name)]
        return found

    def names(self) -> list[str]:
        """Kind and name of all, sorted."""
        return sorted(map(str, self.registered))

    def before(self, one: Registered) -> set[str]:
        """Kind and name of all that must be there before it, and go after it: what it depends on, and its parents."""
        by_urn = {each.urn: each for each in self.registered}
        pending, found = [one], set[str]()
        while pending:
            request = pending.pop().request
            more = [by_urn[urn] for urn in (*request.dependencies, request.parent) if urn in by_urn]
            pending += [each for each in more if str(each) not in found]
            found |= {str(each) for each in more}
        return found

    def in_public(self) -> str:
        """All that was sent to the engine and to the log, without the values that are marked as secrets."""
        return json.dumps([_veiled(MessageToDict(message)) for message in self.messages]) + "\n".join(self.notes)


class _Monitor:
    """Stands where the engine does. What is registered is made as it is asked for; references to stacks are read."""

    def __init__(self, run: Run, outputs: Mapping[str, Mapping[str, Any]]) -> None:
        self._run, self._outputs = run, outputs

    def GetDeploymentInfo(self, request: Empty) -> DeploymentInfo:
        return DeploymentInfo(
            supportedFeatures=[RESOURCE_MONITOR_FEATURE_SECRETS, RESOURCE_MONITOR_FEATURE_DELETED_WITH]
        )

    def RegisterResource(self, request: RegisterResourceRequest) -> RegisterResourceResponse:
        self._run.messages.append(request)
        kind = f"{request.parent.split('::')[2]}${request.type}" if request.parent else request.type
        urn = f"urn:pulumi:{pulumi.get_stack()}::{PROJECT}::{kind}::{request.name}"
        if request.type != _STACK:
            self._run.registered.append(Registered(urn, request))
        return RegisterResourceResponse(urn=urn, id=request.name, object=request.object)

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> Empty:
        self._run.messages.append(request)
        if f"::{_STACK}::" in request.urn:
            self._run.outputs = _opened(MessageToDict(request.outputs))
        return Empty()

    def ReadResource(self, request: ReadResourceRequest) -> ReadResourceResponse:
        assert request.type == "pulumi:pulumi:StackReference"
        if request.name not in self._outputs:
            raise Exception(f"unknown stack {request.name!r}")
        answer = ReadResourceResponse(urn=f"urn:pulumi:stack::{PROJECT}::{request.type}::{request.name}")
        answer.properties.update(
            {"name": request.name, "outputs": self._outputs[request.name], "secretOutputNames": []}
        )
        return answer

    def SignalAndWaitForShutdown(self, request: Empty) -> Empty:
        return Empty()

    def Log(self, request: LogRequest) -> Empty:
        self._run.notes.append(request.message)
        if request.severity >= WARNING:
            self._run.warnings.append(request.message)
        return Empty()


def record(
    main: _Program,
    stack: str = "stack",
    config: Mapping[str, str] | None = None,
    plain: tuple[str, ...] = (),
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
    preview: bool = False,
) -> Run:
    """What a program registers. All settings are secrets but for those in `plain`; `outputs` are of other stacks."""
    run = Run()
    monitor = _Monitor(run, outputs or {})
    settings = pulumi.runtime.Settings(
        PROJECT, stack, monitor, engine=monitor, dry_run=preview, organization="organization"
    )
    given = {f"{PROJECT}:{key}": text for key, text in (config or {}).items()}

    async def inside() -> None:
        pulumi.runtime.set_all_config(given, [key for key in given if key.removeprefix(f"{PROJECT}:") not in plain])
        pulumi.runtime.configure(settings)
        try:
            await asyncio.wait_for(pulumi.runtime.run_in_stack(lambda: pulumi.run(main)), _SECONDS)
        except Problem as problem:
            run.refused = problem.sentences

    asyncio.run(inside())
    return run


def _opened(data: Any) -> Any:
    if isinstance(data, list):
        return [_opened(each) for each in data]
    if not isinstance(data, dict):
        return data
    return _opened(data["value"]) if _SECRET in data else {key: _opened(value) for key, value in data.items()}


def _veiled(data: Any) -> Any:
    if isinstance(data, list):
        return [_veiled(each) for each in data]
    if not isinstance(data, dict):
        return data
    return "[secret]" if _SECRET in data else {key: _veiled(value) for key, value in data.items()}
