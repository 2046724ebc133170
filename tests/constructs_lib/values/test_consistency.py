"""What the fields of a service must say together."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Service
from tests.support.mistakes import HTTP, IMAGE, SERVICE, TCP, service_mistake, service_mistakes

GRPC: dict[str, Any] = {"number": 9000, "protocol": "grpc", "name": "grpc"}
CONFIG: dict[str, Any] = {"name": "app", "data": {"app.conf": "x"}}
SECRET: dict[str, Any] = {"name": "api", "keys": {"token": "payment/api#token"}}
CLAIM: dict[str, Any] = {"name": "data", "path": "/data", "size": "1Gi"}
DATABASE = {"name": "shop", "owner": "shop"}
PROBE: dict[str, Any] = {"kind": "http", "path": "/ready"}
CHECK: dict[str, Any] = {"kind": "exec", "command": ["check"]}

SAID: list[tuple[str, dict[str, Any], str]] = [
    (
        "two ports of one name",
        {"ports": [TCP, {**TCP, "number": 1}], "route": None},
        "ports must differ from each other, got 'tcp' twice; change one",
    ),
    (
        "two ports of one number",
        {"ports": [HTTP, {**GRPC, "number": 8080}]},
        "port numbers must differ from each other, got '8080' twice; change one",
    ),
    (
        "a sidecar with the same port",
        {"ports": [HTTP], "sidecars": [{"name": "a", "image": IMAGE, "ports": [{**HTTP, "name": "b"}]}]},
        "port numbers must differ from each other, got '8080' twice; change one",
    ),
    ("two configs", {"configs": [CONFIG, CONFIG]}, "configs must differ from each other, got 'app' twice; change one"),
    ("two secrets", {"secrets": [SECRET, SECRET]}, "secrets must differ from each other, got 'api' twice; change one"),
    (
        "two claims",
        {"claims": [CLAIM, {**CLAIM, "path": "/b"}]},
        "claims must differ from each other, got 'data' twice; change one",
    ),
    (
        "a container called as the service",
        {"init": [{"name": "checkout", "image": IMAGE}]},
        "containers must differ from each other, got 'checkout' twice; change one",
    ),
    (
        "an init container with a readiness probe",
        {"init": [{"name": "a", "image": IMAGE, "ports": [HTTP], "readiness": {"kind": "tcp"}}]},
        "init container a ends before the pod is ready and has no readiness; leave it out",
    ),
    (
        "an init container called as a sidecar",
        {"init": [{"name": "a", "image": IMAGE}], "sidecars": [{"name": "a", "image": IMAGE}]},
        "containers must differ from each other, got 'a' twice; change one",
    ),
    (
        "a dependency twice",
        {"depends_on": ["cart", "cart"]},
        "depends_on must differ from each other, got 'cart' twice; change one",
    ),
    (
        "one destination twice",
        {"outside": [{"name": "a", "cidrs": ["10.0.0.0/8"]}, {"name": "a", "cidrs": ["::/0"]}]},
        "outside must differ from each other, got 'a' twice; change one",
    ),
    (
        "two mounts in one place",
        {"configs": [{**CONFIG, "mount": "/etc/a"}], "secrets": [{**SECRET, "mount": "/etc/a"}]},
        "mount paths must differ from each other, got '/etc/a' twice; change one",
    ),
    (
        "a volume at /tmp",
        {"volumes": [{"path": "/tmp", "size": "1Gi"}]},
        "mount paths must differ from each other, got '/tmp' twice; change one",
    ),
    (
        "a job with ports",
        {"schedule": {"cron": "@daily"}, "ports": [TCP], "route": None},
        "a scheduled job has neither ports nor claims; make it a service of its own",
    ),
    (
        "a job with a probe",
        {"schedule": {"cron": "@daily"}, "liveness": CHECK},
        "a scheduled job ends by itself and has no probes; use schedule.deadline_seconds",
    ),
    (
        "people outside reach a worker",
        {"external": {"hosts": ["shop"]}},
        "an external route needs a route inside and an http or grpc port; add Port.http(8080)",
    ),
    (
        "people outside reach what has no route",
        {"external": {"hosts": ["shop"]}, "ports": [HTTP], "route": None},
        "an external route needs a route inside and an http or grpc port; add Port.http(8080)",
    ),
    (
        "people outside reach a port that is not there",
        {"external": {"hosts": ["shop"], "port": "b"}, "ports": [HTTP]},
        "external.port must be the name of one of its ports, got 'b'",
    ),
    (
        "a stateful service that is scaled",
        {"claims": [CLAIM], "scale": {"min": 1, "max": 3}},
        "a stateful service has a fixed number of pods, got between 1 and 3; use Scale.fixed(1)",
    ),
    (
        "a tcp port behind a gateway",
        {"ports": [HTTP, TCP]},
        "a tcp port cannot be routed: say route=None, or move it to a service of its own",
    ),
    (
        "two http ports behind a gateway",
        {"ports": [HTTP, {**HTTP, "name": "admin", "number": 1}]},
        "a routed service has at most one http and one grpc port, got http, admin; say route=None or make two services",
    ),
    (
        "the same probe twice",
        {"ports": [HTTP], "readiness": PROBE, "liveness": PROBE},
        "readiness and liveness must not be identical: a busy pod would be restarted instead of spared; "
        "leave liveness out, or give it more failures",
    ),
    (
        "a probe of a port that is not there",
        {"ports": [HTTP], "readiness": {**PROBE, "port": "admin"}},
        "the readiness probe asks port 'admin', which is not one of its ports; "
        "add it to ports, or use Probe.exec('check')",
    ),
    (
        "a probe without any port",
        {"startup": PROBE},
        "the startup probe asks a port; add it to ports, or use Probe.exec('check')",
    ),
    (
        "a secret that is not there",
        {"env": {"A": {"secret": "b", "key": "c"}}},
        "env A names 'c' of the secret 'b'; add it to secrets",
    ),
    (
        "a key of a secret that is not there",
        {"env": {"A": {"secret": "api", "key": "c"}}, "secrets": [SECRET]},
        "env A names 'c' of the secret 'api'; add it to secrets",
    ),
    (
        "the database of a service without one",
        {"env": {"A": {"secret": "database", "key": "uri"}}},
        "env A names 'uri' of the secret 'database'; add it to secrets",
    ),
    (
        "a config that is not there",
        {"env": {"A": {"config": "app", "key": "b"}}, "configs": [CONFIG]},
        "env A names 'b' of the config 'app'; add it to configs",
    ),
    (
        "a sidecar's secret that is not there",
        {"sidecars": [{"name": "a", "image": IMAGE, "env": {"A": {"secret": "b", "key": "c"}}}]},
        "env A names 'c' of the secret 'b'; add it to secrets",
    ),
    (
        "a password among the arguments",
        {"args": ["--password=correct-horse"]},
        "a command or argument holds a password in a connection string in plain text; "
        "move it to a Secret(…) with a mount or a SecretKey(…)",
    ),
    (
        "a password in an init container",
        {"init": [{"name": "a", "image": IMAGE, "command": ["https://u:pw@host"]}]},
        "a command or argument of a holds a password in a URL in plain text; "
        "move it to a Secret(…) with a mount or a SecretKey(…)",
    ),
    (
        "a password in a probe",
        {"liveness": {"kind": "exec", "command": ["check", "https://u:pw@host"]}},
        "the command of the liveness probe holds a password in a URL in plain text; "
        "move it to a Secret(…) with a mount or a SecretKey(…)",
    ),
    (
        "it depends on itself",
        {"depends_on": ["checkout"]},
        "depends_on must name other services, got 'checkout' itself; leave it out",
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), [each[1:] for each in SAID], ids=[each[0] for each in SAID])
def test_fields_that_do_not_fit_together_are_refused(fields: dict[str, Any], sentence: str) -> None:
    assert service_mistake(**fields) == sentence


def test_all_that_does_not_fit_is_said_at_once() -> None:
    said = service_mistakes(
        depends_on=["checkout"],
        env={"A": {"secret": "b", "key": "c"}},
        readiness=PROBE,
        volumes=[{"path": "/tmp", "size": "1Gi"}],
    )
    assert [sentence.split()[0] for sentence in said] == ["mount", "the", "env", "depends_on"]


FITTING: list[dict[str, Any]] = [
    {"ports": [HTTP, GRPC]},
    {"ports": [HTTP, TCP], "route": None},
    {"ports": [HTTP], "readiness": PROBE, "liveness": {**PROBE, "failures": 6}},
    {"ports": [HTTP], "init": [{"name": "a", "image": IMAGE}], "sidecars": [{"name": "b", "image": IMAGE}]},
    {"database": DATABASE, "env": {"A": {"secret": "database", "key": "uri"}}},
    {"secrets": [SECRET], "env": {"A": {"secret": "api", "key": "token"}}},
    {"configs": [CONFIG], "env": {"A": {"config": "app", "key": "app.conf"}}},
    {"depends_on": [{"service": "cart", "port": "a"}, {"service": "cart", "port": "b"}]},
    {"claims": [CLAIM], "scale": {"min": 3, "max": 3}},
    {"claims": [CLAIM], "scale": "L"},
    {"schedule": {"cron": "@daily"}, "depends_on": ["cart"]},
    {"liveness": CHECK},
    {"external": {"hosts": ["shop"], "port": "http"}, "ports": [HTTP]},
]


@pytest.mark.parametrize("fields", FITTING, ids=" ".join)
def test_fields_that_fit_together_are_accepted(fields: dict[str, Any]) -> None:
    assert Service(**SERVICE, **fields).name == "checkout"
