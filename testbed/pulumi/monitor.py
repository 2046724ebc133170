"""Runs a Pulumi program in this process, and does what it registers, in place of Pulumi's engine.

Pulumi's SDK resolves dependencies, and calls the monitor for a resource once everything before it is registered.
"""

import asyncio
import json
import logging
import runpy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, resource_pb2

from ..api import Api, Ref
from ..process import Late
from .kubeconfig import InvalidKubeconfig, connect
from .objects import NotApplied, Objects
from .plan import Action, Step

PROVIDER = "pulumi:providers:kubernetes"
REFERENCE = "pulumi:pulumi:StackReference"
_STACK = "pulumi:pulumi:Stack"
_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""Pulumi's mark of a special value, and the mark of a secret."""
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's stand-in for a value that is known only during `up`."""
_FEATURES = (resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS, resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH)
Outputs = Mapping[str, Any]


class RunFailed(Exception):
    """The program or an API server refused. The message is for people."""


class Monitor:
    """Takes the registrations of one run. The SDK calls it from several threads."""

    def __init__(
        self, preview: bool, outputs_of: Callable[[str], Outputs], connect_to: Callable[[str], Api] = connect
    ) -> None:
        """`outputs_of` returns the outputs of another stack by its full name. Raises RunFailed."""
        self.steps: list[Step] = []
        self.outputs: dict[str, Any] = {}
        self.warnings: list[str] = []
        """The program's own."""
        self.failure: Exception | None = None
        self.preview = preview
        self._outputs_of = outputs_of
        self._connect_to = connect_to
        self._clusters: dict[str, Objects] = {}

    def GetDeploymentInfo(self, request: Empty) -> resource_pb2.DeploymentInfo:
        """The features that the SDK may use."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Does what a registration asks for, or plans it in a preview."""
        urn = _urn(request)
        with self._failing():
            identity = self._registered(request, urn)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=request.object)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Empty:
        """Keeps the outputs of the stack."""
        if f"::{_STACK}::" in request.urn:
            self.outputs = _plain(request.outputs, hide=True)
        return Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Reads the outputs of another stack."""
        with self._failing():
            if request.type != REFERENCE:
                raise RunFailed(f"{request.name}: the stand-in cannot read {request.type}; install pulumi")
            answer = resource_pb2.ReadResourceResponse(urn=_urn(request))
            outputs = dict(self._outputs_of(request.name))
            answer.properties.update({"name": request.name, "outputs": outputs, "secretOutputNames": []})
        return answer

    def SignalAndWaitForShutdown(self, request: Empty) -> Empty:
        """The program registers nothing more."""
        return Empty()

    def Log(self, request: engine_pb2.LogRequest) -> Empty:
        """Keeps warnings. The error that ends a run is raised as RunFailed."""
        if request.severity == engine_pb2.WARNING:
            self.warnings.append(request.message)
        return Empty()

    def _registered(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> str:
        """The id of the resource; nothing if it is known only during `up`."""
        if not request.type.startswith("kubernetes:"):
            if request.type == PROVIDER:
                self._clusters[urn] = Objects(self._connect_to(_plain(request.object)["kubeconfig"]))
            if request.type != PROVIDER and request.custom:
                raise RunFailed(f"{request.name}: the stand-in does not know {request.type}; install pulumi")
            self._note("component", request, urn)
            return request.name
        item, cluster = _plain(request.object), self._clusters[request.provider.rpartition("::")[0]]
        if self.preview:
            result = cluster.plan(None if _UNKNOWN in json.dumps(item) else item, Ref.of(item))
        else:
            result = cluster.apply(item)
        self._note(result.action, request, urn, result.changed)
        return "" if self.preview and result.action == "create" else request.name

    def _note(
        self,
        action: Action,
        request: resource_pb2.RegisterResourceRequest,
        urn: str,
        changed: tuple[str, ...] = (),
    ) -> None:
        kind = request.type.rpartition(":")[2]
        self.steps.append(Step(action, urn, request.parent, kind, request.name, changed))

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """After the first failure nothing more is registered."""
        if self.failure:
            raise RunFailed("the run failed before")
        try:
            yield
        except Exception as error:
            self.failure = self.failure or error
            raise


def run(
    program: Path, project: str, stack: str, config: Mapping[str, str], secret: list[str], monitor: Monitor
) -> None:
    """Runs the program in a folder with `__main__.py`. Raises RunFailed.

    `config` holds strings by full key, `project:key`; `secret` the keys of those that are secrets.
    """
    settings = pulumi.runtime.Settings(
        project, stack, monitor, engine=monitor, dry_run=monitor.preview, organization="organization"
    )

    def main() -> None:
        runpy.run_path(str(program), run_name="__main__")

    async def inside() -> None:
        pulumi.runtime.set_all_config(dict(config), secret)
        pulumi.runtime.configure(settings)
        await pulumi.runtime.run_in_stack(main)

    # A failed run leaves futures that nothing awaits, and asyncio would log each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        asyncio.run(inside())
    except Exception as error:
        cause = monitor.failure or error
        if isinstance(cause, pulumi.RunError | RunFailed | NotApplied | InvalidKubeconfig | Late):
            raise RunFailed(str(cause)) from None
        raise


def _urn(request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest) -> str:
    above = f"{request.parent.split('::')[2]}$" if request.parent else ""
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{above}{request.type}::{request.name}"


def _plain(properties: Struct, hide: bool = False) -> dict[str, Any]:
    """The properties as plain data. Secrets are opened, or hidden."""
    return {key: _value(value, hide) for key, value in properties.items()}


def _value(value: Any, hide: bool) -> Any:
    if isinstance(value, Struct):
        if _MARK not in value:
            return _plain(value, hide)
        if value[_MARK] != _SECRET:
            raise RunFailed("the stand-in does not know assets and archives; install pulumi")
        return "[secret]" if hide else _value(value["value"], hide)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str | bool | float | None):
        return value
    return [_value(each, hide) for each in value]
