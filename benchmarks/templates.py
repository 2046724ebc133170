"""The file contents of a generated repository."""

from __future__ import annotations

CDK8S = """\
language: python
app: {python} -m envs
output: .scratch
"""

ENVIRONMENT = '''\
"""The environment {name}."""

from constructs_lib import Cluster, Environment, Git, Port, Probe, Quota, Reference, Resources, Scale, Service

_REFERENCE = Service(
    name="reference",
    owner="team-platform",
    image="registry.example.com/fleet/reference",
    ports=(Port.http(8080),),
    readiness=Probe.http("/ready"),
)

ENV = Environment(
    name="{name}",
    domain="{name}.example.com",
    {place},
    log_level="{level}",
    collector="collector",
    zones={zones!r},
    git=Git(url="https://git.example.com/platform/fleet.git"),
    sizes={{
        "S": Resources(cpu="{milli}m", memory="{memory}Mi"),
        "M": Resources(cpu="1{milli}m", memory="2{memory}Mi"),
        "L": Resources(cpu="2{milli}m", memory="4{memory}Mi"),
    }},
    scales={{"S": Scale.fixed({pods}), "M": Scale.between({pods}, 4), "L": Scale.between(2, 8)}},
    apps=Cluster(
        quota=Quota(cpu="{cpu_quota}", memory="{memory_quota}Gi", pods={pod_quota}), gateway_replicas=Scale.fixed(2)
    ),
    ops=Cluster(
        quota=Quota(cpu="20", memory="40Gi", pods=50),
        gateway_replicas=Scale.fixed(1),
        reference=Reference(
            service=_REFERENCE,
            image="registry.example.com/fleet/reference@sha256:{{}}".format("1" * 64),
        ),
    ),
)
'''

_HEAD = '''\
"""The service {name}."""

from constructs_lib import Config, Database, ExternalRoute, Metrics, Outside, Port, Probe, Secret, SecretKey, Service

SERVICE = Service(
    name="{name}",
    owner="team-{team}",
    image="registry.example.com/fleet/{name}",
    description="One of a generated fleet",
    repository="https://git.example.com/fleet/{name}",
    runbook="https://runbooks.example.com/{name}",
    depends_on={callees!r},
'''

_SETTINGS = """\
    env={{"BATCH_SIZE": "{batch}", "CACHE_SECONDS": 30, "GOMEMLIMIT": "48MiB", "API_TOKEN": _TOKEN}},
    secrets=(Secret(name="api", keys={{"token": "{name}/api#token"}}),),
    configs=(Config(name="settings", mount="/etc/{name}", data={{"settings.properties": _PROPERTIES}}),),
"""

_VALUES = """\
_TOKEN = SecretKey(secret="api", key="token")
_PROPERTIES = "".join(f"limits.of-the-day.{{n}} = {{n * {number}}}\\n" for n in range(20))

"""

_COLLECTOR = """\
    ports=(Port.grpc(4317),),
    readiness=Probe.tcp(),
    scale="M",
    route=None,
    telemetry=False,
)
"""

_HTTP = """\
    ports=(Port.http(8080),),
    size="{size}",
    scale="{scale}",
    startup=Probe.http("/started", failures=30),
    readiness=Probe.http("/ready"),
    liveness=Probe.http("/alive", period_seconds=20),
    metrics=Metrics(port=8080),
"""

_GRPC = """\
    ports=(Port.grpc(9090),),
    size="M",
    scale="M",
    readiness=Probe.grpc(),
)
"""

_WORKER = """\
    size="M",
    outside=(Outside(name="partner", cidrs=("203.0.113.0/24",)),),
)
"""


def service_source(name: str, position: int, callees: list[str], batch: str) -> str:
    """Return the source code of the n-th service.

    Of ten services, five use HTTP internally, two use gRPC, one is a worker, one is external, one has a database.
    The first service is the collector. All others have a config, a secret and dependencies.
    """
    last = position % 10
    text = _HEAD.format(name=name, team=position % 12, callees=tuple(callees))
    if position == 0:
        return text + _COLLECTOR
    text = text.replace("SERVICE =", _VALUES.format(number=position + 1) + "SERVICE =")
    text += _SETTINGS.format(name=name, batch=batch)
    if last in (5, 6):
        return text + _GRPC
    if last == 7:
        return text + _WORKER
    text += _HTTP.format(size="L" if last == 8 else "M" if last % 2 else "S", scale="L" if last == 8 else "M")
    if last == 8:
        text += f'    external=ExternalRoute(hosts=("{name}",)),\n'
    if last == 9:
        text += f'    database=Database(name="{name.replace("-", "_")}", owner="{name.replace("-", "_")}"),\n'
    return text + ")\n"
