"""Arbitrary values: valid services of every kind, and whatever a person may type."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from constructs_lib import (
    Claim,
    Config,
    ConfigKey,
    Container,
    Database,
    Dependency,
    ExternalRoute,
    FieldOf,
    Match,
    Metric,
    Metrics,
    Outside,
    Patch,
    Permission,
    Port,
    Probe,
    Public,
    Resources,
    Retries,
    Route,
    Scale,
    Schedule,
    Secret,
    SecretKey,
    Service,
    Shutdown,
    Volume,
)

NAMES = st.from_regex(r"\A[a-z]([-a-z0-9]{0,10}[a-z0-9])?\Z")
VARIABLES = st.from_regex(r"\AX_[A-Z0-9]{1,8}\Z")
FILES = st.from_regex(r"\A[a-z]{1,6}\.(yaml|conf)\Z")
TEXT = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \n"), max_size=20)
LINES = TEXT.map(lambda text: text.replace("\n", " "))
REASONS = st.from_regex(r"\A[a-z][a-z ]{9,30}\Z")
IMAGES = st.sampled_from(["ghcr.io/acme/a@sha256:" + "a" * 64, "busybox@sha256:" + "0" * 64])
SIZES = st.sampled_from(["S", "M", "L"])
QUANTITIES = st.sampled_from(["16Mi", "64Mi", "1Gi", "1.5Gi", "2G"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)

RESOURCES = SIZES | st.builds(
    Resources,
    cpu=st.sampled_from(["50m", "1", "0.5"]),
    memory=QUANTITIES,
    memory_limit=st.none() | st.just("4Gi"),
    cpu_limit=st.none() | st.just("2"),
)
METRICS = st.one_of(
    st.builds(Metric.pods, NAMES, QUANTITIES),
    st.builds(Metric.object, NAMES, QUANTITIES, st.just("Service"), NAMES),
    st.builds(lambda name, target, labels: Metric(kind="external", name=name, target=target, labels=labels),
              NAMES, QUANTITIES, st.dictionaries(NAMES, LINES, max_size=2)),
)  # fmt: skip
FIXED = st.builds(Scale.fixed, st.integers(1, 9))
SCALES = st.one_of(
    SIZES,
    FIXED,
    st.builds(lambda low, more, metrics: Scale.between(low, low + more, metrics=metrics),
              st.integers(1, 5), st.integers(1, 5), st.lists(METRICS, max_size=2)),
)  # fmt: skip
MATCHES = st.builds(
    Match,
    path=st.sampled_from(["/", "/api", "/a/b/"]),
    exact=st.booleans(),
    headers=st.dictionaries(NAMES, NAMES, max_size=2),
    method=st.sampled_from([None, "GET", "POST"]),
)
ROUTED: dict[str, Any] = {
    "matches": st.lists(MATCHES, min_size=1, max_size=2),
    "timeout_seconds": st.integers(0, 100),
    "retries": st.none() | st.builds(Retries, attempts=st.integers(1, 10), statuses=st.lists(st.integers(400, 599))),
}
ROUTES = st.builds(Route, **ROUTED)
EXTERNAL = st.none() | st.builds(ExternalRoute, hosts=st.lists(NAMES, min_size=1, max_size=2, unique=True), **ROUTED)
DEPENDENCIES = st.lists(
    st.builds(
        Dependency,
        service=NAMES.map(lambda name: f"to-{name}"),
        env=st.dictionaries(VARIABLES, st.sampled_from(["{host}", "http://{address}/", "{{{port}}}"]), max_size=2),
        cycle=st.none() | REASONS,
        upward=st.none() | REASONS,
    ),
    max_size=3,
    unique_by=lambda each: each.service,
)


@st.composite
def _probes(draw: st.DrawFn, port: bool, failures: int) -> Probe:
    tuning: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from(["period_seconds", "timeout_seconds"]), st.integers(1, 60))
    )
    asked = [Probe.exec("check", failures=failures, **tuning)]
    if port:
        asked += [Probe.http("/ready?x=1", failures=failures, **tuning), Probe.tcp(failures=failures, **tuning)]
        asked += [Probe.grpc(draw(st.none() | NAMES), failures=failures, **tuning)]
    return draw(st.sampled_from(asked))


@st.composite
def _contents(draw: st.DrawFn) -> dict[str, Any]:
    """Configs, secrets and a database, and variables that name what is in them."""
    configs = draw(st.lists(st.builds(Config, name=NAMES, data=st.dictionaries(FILES, TEXT, min_size=1, max_size=2)),
                            max_size=2, unique_by=lambda each: each.name))  # fmt: skip
    secrets = draw(st.lists(st.builds(Secret, name=NAMES.map(lambda name: f"of-{name}"),
                                      keys=st.dictionaries(FILES, NAMES, min_size=1, max_size=2)),
                            max_size=2, unique_by=lambda each: each.name))  # fmt: skip
    database = draw(st.none() | st.builds(Database, name=st.just("shop"), owner=st.just("shop")))
    values: list[Any] = [draw(LINES), draw(st.integers(-(2**40), 2**40)), FieldOf(field="status.podIP")]
    values += [Public(public=draw(TEXT), reason=draw(REASONS))]
    values += [ConfigKey(config=each.name, key=key) for each in configs for key in each.data]
    values += [SecretKey(secret=each.name, key=key) for each in secrets for key in each.keys]
    values += [SecretKey(secret="database", key="uri")] if database else []
    env = draw(st.dictionaries(VARIABLES, st.sampled_from(values), max_size=4))
    return {"configs": configs, "secrets": secrets, "database": database, "env": env}


def _space(draw: st.DrawFn) -> dict[str, Any]:
    volumes = [Volume.scratch("/scratch", "1Gi"), Volume.memory("/dev/shm", "64Mi")]
    permission = Permission(resources=["pods"], verbs=["get", "list"], names=["a"])
    return {
        "volumes": draw(st.lists(st.sampled_from(volumes), max_size=2, unique=True)),
        "permissions": draw(st.sampled_from([(), (permission,)])),
        "outside": draw(st.sampled_from([(), (Outside(name="bank", cidrs=["203.0.113.0/24"]),)])),
    }


@st.composite
def _beside(draw: st.DrawFn) -> dict[str, Any]:
    """Init containers and sidecars whose names and ports differ."""
    env = st.dictionaries(VARIABLES, LINES, max_size=2)
    init = st.builds(Container, name=st.just("first"), image=IMAGES, env=env, args=st.lists(LINES, max_size=2))
    ready = Probe.http("/", period_seconds=3)
    sidecar = st.builds(Container, name=st.just("helper"), image=IMAGES, env=env, size=RESOURCES,
                        ports=st.just((Port.http(9999, "helper"),)), readiness=st.none() | st.just(ready))  # fmt: skip
    return {"init": draw(st.lists(init, max_size=1)), "sidecars": draw(st.lists(sidecar, max_size=1))}


def _kind(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    if kind == "scheduled-job":
        return {"schedule": draw(st.builds(Schedule, cron=st.sampled_from(["@daily", "*/5 1-3 * JAN MON,FRI"])))}
    if kind == "worker":
        return {"scale": draw(SCALES), "liveness": draw(st.none() | _probes(False, 5))}
    probes = {"readiness": draw(st.none() | _probes(True, 2)), "liveness": draw(st.none() | _probes(True, 5))}
    if kind == "stateful":
        claims = (Claim(name=draw(NAMES.map(lambda name: f"of-{name}")), path="/data", size="1Gi"),)
        return {**probes, "scale": draw(SIZES | FIXED), "claims": claims, "ports": draw(st.sampled_from(_DIRECT))}
    routed = draw(st.booleans())
    ports = draw(st.sampled_from(_ROUTED if routed else _DIRECT))
    return {
        **probes,
        "scale": draw(SCALES),
        "ports": ports,
        "route": draw(ROUTES) if routed else None,
        "external": draw(EXTERNAL) if routed else None,
        "metrics": draw(st.none() | st.builds(Metrics, port=st.just(ports[0].number))),
    }


_ROUTED = [(Port.http(80),), (Port.grpc(9000),), (Port.h2c(8080), Port.grpc(9000, "calls"))]
_DIRECT = [(Port.tcp(6379),), (Port.tcp(5432), Port.http(80))]


@st.composite
def services(draw: st.DrawFn) -> Service:
    """A service of any kind that says anything a service may say."""
    patch = st.builds(Patch, kind=st.just("Deployment"), path=st.just("/spec/x~1y"), reason=REASONS, value=JSON)
    kind = draw(st.sampled_from(["microservice", "worker", "scheduled-job", "stateful"]))
    return Service(
        name=draw(NAMES.filter(lambda name: name not in ("first", "helper") and not name.endswith("-grpc"))),
        owner=draw(NAMES),
        image="registry.example.com:5000/acme/a",
        description=draw(LINES),
        tier=draw(st.sampled_from([1, 2, 3])),
        args=draw(st.lists(TEXT, max_size=2)),
        size=draw(RESOURCES),
        shutdown=draw(st.builds(Shutdown, drain_seconds=st.integers(1, 60))),
        depends_on=draw(DEPENDENCIES),
        telemetry=draw(st.booleans()),
        patches=draw(st.lists(patch, max_size=2)),
        **_kind(draw, kind),
        **draw(_contents()),
        **_space(draw),
        **draw(_beside()),
    )


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["", "\x00", "\ud800", "a\nb", "\x1b[31m", "\u2028", "{host:>9999999999}", "{0.__class__}", "{", "ghp_" + "a" * 36]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT | st.integers(), inner, max_size=3),
    max_leaves=5,
)
"""What a file or a line of Python may hold where a value is expected."""
