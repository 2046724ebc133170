"""Ports, variables, configuration, secrets, space and the containers beside the main one."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Config, Container, FieldOf, Port, Public, Secret, Service, Volume
from constructs_lib.values import Value
from tests.support.mistakes import HTTP, IMAGE, REASON, SERVICE, mistake

OTHER_VOLUME = "must not be 'tmp' nor begin with 'scratch-', 'config-' or 'secret-', which name other volumes"
PORT_NAME = "the name of a port: lower-case letters, digits and single '-', at most 15, beginning with a letter"
FILE_NAME = "a file name: letters, digits, '-', '_' and '.', at most 253"
FILE_PATH = "an absolute path such as '/var/lib/data', without ':', spaces and a '/' at its end"
BY_DIGEST = "an image by digest, 'repository@sha256:' and 64 hexadecimal digits; a tag such as 'latest' can change"
CONFIG = {"name": "app", "data": {"app.conf": "x"}}
SECRET = {"name": "api", "keys": {"token": "payment/api"}}
CLAIM = {"name": "data", "path": "/data", "size": "1Gi"}
CONTAINER = {"name": "a", "image": IMAGE}

REFUSED: list[tuple[type[Value], dict[str, Any], str]] = [
    (Port, {**HTTP, "name": "a--b"}, f"Port.name must be {PORT_NAME}, got 'a--b'"),
    (Port, {**HTTP, "name": "8080"}, f"Port.name must be {PORT_NAME}, got '8080'"),
    (Port, {**HTTP, "name": "a" * 16}, f"Port.name must be {PORT_NAME}, got '{'a' * 16}'"),
    (Port, {**HTTP, "number": 65536}, "Port.number must be at most 65535, got 65536"),
    (Port, {**HTTP, "number": "80"}, "Port.number must be a whole number, got '80'"),
    (Config, {**CONFIG, "name": "x" * 57},
     "Config.name must have at most 56 characters, as prefixes are added to it, got 57; shorten it"),
    (Config, {**CONFIG, "data": {"a/b": "x"}}, f"each key of Config.data must be {FILE_NAME}, got 'a/b'"),
    (Config, {**CONFIG, "data": {"a": 5}}, "Config.data.a must be a string, got 5"),
    (Config, {**CONFIG, "data": {"a": "x" * 1_000_001}},
     "Config.data must have at most 1000000 bytes, got 1000002; put it into the image or a volume"),
    (Config, {**CONFIG, "mount": "etc"}, f"Config.mount must be {FILE_PATH}, got 'etc'"),
    (Config, {**CONFIG, "mount": "/etc/"}, f"Config.mount must be {FILE_PATH}, got '/etc/'"),
    (Secret, {**SECRET, "name": "database"},
     "Secret.name must not be 'database', the secret of the service's own database; rename it"),
    (Secret, {**SECRET, "name": "x" * 57},
     "Secret.name must have at most 56 characters, as prefixes are added to it, got 57; shorten it"),
    (Secret, {**SECRET, "keys": {}}, "Secret.keys must name at least one key, as keys={'token': 'payment/api#token'}"),
    (Secret, {**SECRET, "keys": {"a": "#b"}},
     "Secret.keys: a must name an entry of the secret store, as 'payment/api#token'"),
    (Volume, {"path": "/a", "size": "1 Gi"},
     "Volume.size must be a quantity such as '250m', '2' or '64Mi', got '1 Gi'"),
    (Volume, {"path": "/a", "size": "0"}, "Volume.size must be more than nothing, got '0'"),
    (Volume, {"path": "/a", "size": "1Gi", "medium": "tape"}, "Volume.medium must be 'disk' or 'memory', got 'tape'"),
    *((Claim, {**CLAIM, "name": name}, f"Claim.name {OTHER_VOLUME}, got '{name}'; rename it")
      for name in ("tmp", "scratch-0", "scratch-data", "config-app", "secret-api")),
    (Container, {**CONTAINER, "image": "busybox:1.37"}, f"Container.image must be {BY_DIGEST}, got 'busybox:1.37'"),
    (Container, {**CONTAINER, "readiness": {"kind": "tcp"}},
     "Container: a tcp probe needs a port; add one to the ports of a"),
    (FieldOf, {"field": "spec.hostname"},
     "FieldOf.field must be 'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'status.podIP' "
     "or 'status.hostIP', got 'spec.hostname'"),
    (Public, {"public": "x", "reason": "short"},
     "Public.reason must be one line of 10 to 500 characters that says why, got 'short'"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "fields", "sentence"), REFUSED, ids=[each[2][:60] for each in REFUSED])
def test_what_kubernetes_would_refuse_is_refused(model: type[Value], fields: dict[str, Any], sentence: str) -> None:
    assert mistake(model, fields) == sentence


@pytest.mark.parametrize("name", ["tmp-data", "scratch", "config", "secrets", "data", "tmpdata"])
def test_a_claim_may_have_any_other_name(name: str) -> None:
    assert Claim(name=name, path="/data", size="1Gi").name == name


@pytest.mark.parametrize(
    ("port", "fields"),
    [
        (Port.http(80), {"number": 80, "protocol": "http", "name": "http"}),
        (Port.http(80, "admin"), {"number": 80, "protocol": "http", "name": "admin"}),
        (Port.h2c(80), {"number": 80, "protocol": "h2c", "name": "http"}),
        (Port.grpc(80), {"number": 80, "protocol": "grpc", "name": "grpc"}),
        (Port.tcp(80), {"number": 80, "protocol": "tcp", "name": "tcp"}),
    ],
    ids=["http", "named", "h2c", "grpc", "tcp"],
)
def test_a_port_says_its_protocol(port: Port, fields: dict[str, Any]) -> None:
    assert port.written() == fields


def test_space_is_on_disk_or_in_memory() -> None:
    assert [Volume.scratch("/a", "1Gi").medium, Volume.memory("/a", "1Gi").medium] == ["disk", "memory"]


@pytest.mark.parametrize(
    "value",
    [
        "", "text", "08", "a\nb", 0, -1, 2**63 - 1,
        {"secret": "api", "key": "token"}, {"config": "app", "key": "app.conf"}, {"field": "status.podIP"},
        {"public": "x", "reason": REASON},
    ],
    ids=ascii,
)  # fmt: skip
def test_a_variable_is_text_a_number_or_a_reference(value: object) -> None:
    service = Service.model_validate({**SERVICE, "configs": [CONFIG], "secrets": [SECRET], "env": {"A": value}})
    assert service.written().get("env") == {"A": value}


def test_a_sidecar_that_asks_a_program_needs_no_port() -> None:
    made = Container(name="a", image=IMAGE, readiness={"kind": "exec", "command": ["check"]})
    assert made.ports == ()
