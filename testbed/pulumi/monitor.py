"""Pulumi's gRPC protocol: what a program says to the engine, translated and handed on. Nothing is decided here."""

from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from . import values
from .deployment import Deployment, Stopped
from .goal import goal_of, known_read, urn_of
from .log import Log
from .outcome import Level
from .program import Program
from .state import Resource
from .values import Unsupported

_FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
}
"""Without the others the SDK sends what we know (ids in place of resource references, URNs in place of alias
specifications), or refuses by itself (transforms, hooks, parameterized packages)."""
_LEVELS: Mapping[int, Level] = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_ENDED = "Resource monitor has terminated, shutting down"
"""What the SDK says of itself once a run has failed: no news."""


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """What the program's resources are registered with."""

    def __init__(self, deployment: Deployment, program: Program) -> None:
        self._deployment = deployment
        self._program = program

    def GetDeploymentInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> resource_pb2.DeploymentInfo:
        """What the program may know of this run."""
        return resource_pb2.DeploymentInfo(
            project=self._program.project,
            stack=self._program.stack,
            organization="organization",
            config=self._program.config,
            configSecretKeys=self._program.secret_keys,
            dryRun=self._deployment.preview,
            parallel=self._program.parallel,
            supportedFeatures=_FEATURES.values(),
        )

    def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        """What older SDKs ask for, one feature at a time."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Returns when the resource is as wanted."""
        with self._failing(context):
            made = self._deployment.register(goal_of(request, self._program.project, self._program.stack))
            return resource_pb2.RegisterResourceResponse(urn=made.urn, id=made.id, object=values.write(made.outputs))

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """The outputs of a component, or of the stack."""
        with self._failing(context):
            self._deployment.put_outputs(request.urn, values.read(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        """Another stack's outputs, or an object that others look after."""
        with self._failing(context):
            known_read(request.type, request.name)
            urn = urn_of(self._program.stack, self._program.project, request.parent, request.type, request.name)
            wanted = Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                custom=True,
                id="" if request.id == values.UNKNOWN_TEXT else request.id,
                parent=request.parent,
                provider=request.provider,
                dependencies=tuple(sorted(request.dependencies)),
                external=True,
            )
            found = self._deployment.read(wanted)
            return resource_pb2.ReadResourceResponse(urn=found.urn, properties=values.write(found.outputs))

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        """Functions of providers: none is known here."""
        with self._failing(context):
            raise Unsupported(f"this monitor does not know the function {request.tok}; it needs the real engine")

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """The program registers no more. Deletes begin after its end: it has no hooks that it must live on for."""
        return empty_pb2.Empty()

    @contextmanager
    def _failing(self, context: grpc.ServicerContext) -> Generator[None]:
        """An error ends the run: the program learns only that there is no monitor any more."""
        try:
            yield
        except Stopped:
            _end(context)
        except Exception as error:
            self._deployment.fail(error)
            _end(context)


class Engine(engine_pb2_grpc.EngineServicer):
    """What the program logs to."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """A line of the program; those for its developers are left out."""
        if (level := _LEVELS.get(request.severity)) and request.message != _ENDED:
            self._log.say(level, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        """What older SDKs keep here."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        """What older SDKs keep here."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(
        self, request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """This monitor has no such version; the engine of record checks it."""
        return engine_pb2.RequirePulumiVersionResponse()


def run(deployment: Deployment, program: Program, log: Log) -> int:
    """Runs the program against the deployment; its exit code. Raises `Late`."""
    with _served(Monitor(deployment, program), Engine(log), program.parallel) as address:
        return program.run(address, deployment.preview, lambda text: log.say("info", text))


@contextmanager
def _served(monitor: Monitor, engine: Engine, parallel: int) -> Generator[str]:
    """The address at which both answer; so many steps are taken at once."""
    with ThreadPoolExecutor(max(parallel, 1), thread_name_prefix="step") as pool:
        server = grpc.server(pool, options=_OPTIONS)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
        engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(grace=None).wait()


def _end(context: grpc.ServicerContext) -> NoReturn:
    context.abort(grpc.StatusCode.UNAVAILABLE, _ENDED)
    raise AssertionError("abort raises")
