"""What is taken for a secret in plain text, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Service
from constructs_lib.values.plain_secrets import looks_like
from tests.support.mistakes import SERVICE, service_mistake

# Each is put together here, so that no tool that looks for secrets takes this file for a leak.
SECRETS = {
    "a private key": ["-----BEGIN " + kind + "PRIVATE KEY-----\nMII" for kind in ("", "RSA ", "EC ", "OPENSSH ")]
    + ["-----BEGIN PGP PRIVATE KEY" + " BLOCK-----"],
    "an AWS access key": ["AKIA" + "IOSFODNN7EXAMPLE", "key=ASIA" + "Z" * 16],
    "a GitHub token": ["ghp_" + "a1B2" * 9, "x ghs_" + "a" * 36, "github_pat_" + "a" * 30],
    "a GitLab token": ["glpat-" + "a" * 20],
    "a Slack token": ["xoxb-" + "1234567890-abc"],
    "a Slack webhook": ["https://hooks.slack.com/services/T0AAAA/B0BBBB/" + "c" * 24],
    "a Stripe key": ["sk_live_" + "a" * 24, "rk_live_" + "a" * 24],
    "a Google API key": ["AIza" + "a" * 35],
    "an API key": ["sk-" + "a1" * 20, "sk-proj-" + "a1" * 20],
    "a JSON web token": ["eyJhbGciOiJI.eyJzdWIiOiIx.sig", "Bearer eyJhbGciOiJI.eyJzdWIiOiIx.sig"],
    "a password in a URL": ["postgres://shop:hunter2@db/shop", "redis://:hunter2@cache", "AMQP://a:b@mq:5672/"],
    "a password in a connection string": [
        "Host=db;Username=a;Password=hunter2", "pwd = x1y2", 'password = "hunter2"',
        "--password=hunter2", "spring.datasource.password=hunter2",
        "user=a\npassword=hunter2\n",
    ],
}  # fmt: skip

HARMLESS = [
    "", "info", "ghcr.io/acme/checkout@sha256:" + "a1" * 32, "a1" * 20, "/var/run/secrets/token", "$(DB_PASSWORD)",
    "https://example.com/path?a=b", "http://host:8080/a@b", "postgres://shop@db/shop", "postgres://shop:$(DB_PASSWORD)@db",
    "postgres://shop:${DB_PASSWORD}@db", "redis://cache:6379", "kafka:9092", "Password=$(DB_PASSWORD)",
    "password=${DB_PASSWORD}", "password=<from the store>", "password: see the store", "if password == other:",
    'password = ""', "password = None", "password = os.environ['A']",
    "password=\nuser=a", "eyJ", "AKIA", "sk-", "risk-assessment-of-a-very-long-name-with-dashes-in-it", "xoxo",
    "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "passwordless=true", "ssh://git@example.com/a.git",
    "user@example.com", "a=b;c=d", "k8s.pod.name=$(POD_NAME),service.version=1",
]  # fmt: skip

NAMED = ["PASSWORD", "DB_PASSWORD", "db_password", "API_KEY", "APIKEY", "AUTH_TOKEN", "CLIENT_SECRET", "AWS_ACCESS_KEY",
         "PRIVATE_KEY", "SIGNING_KEY", "CREDENTIALS", "PGPASSWORD_PWD", "SSH_PASSPHRASE"]  # fmt: skip
NAMED_OTHERWISE = ["TOKEN_URL", "TOKEN_TTL", "PASSWORD_FILE", "SECRET_NAME", "TOKEN_ISSUER", "API_KEY_HEADER", "TOKENS",
                   "MAX_TOKENS", "KEYBOARD", "SECRETARY", "PASSWORD_LENGTH", "CREDENTIALS_PATH", "KEY", "TOKENIZER",
                   "AUTH_TOKEN_TYPE"]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "text"), [pytest.param(what, each, id=each[:14]) for what, texts in SECRETS.items() for each in texts]
)
def test_a_secret_is_recognized_by_its_looks(what: str, text: str) -> None:
    assert looks_like(text) == what
    assert looks_like(f'{{"a": "b"}}\n{text}') == what


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert looks_like(text) is None


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("value", ["hunter2-correct-horse", 123456], ids=["text", "number"])
def test_a_secret_is_recognized_by_its_name(name: str, value: str | int) -> None:
    sentence = service_mistake(env={name: value})
    assert sentence == (
        f"env: {name} holds a secret by its name in plain text, got a string of {len(str(value))} characters; "
        f"add a Secret(…) and use SecretKey(secret=…, key=…), or Public(public=…, reason=…) if it is none"
    )


@pytest.mark.parametrize("name", NAMED_OTHERWISE)
def test_a_name_that_is_about_a_secret_is_none(name: str) -> None:
    assert Service(**SERVICE, env={name: "anything"}).env == {name: "anything"}


def test_a_number_is_a_secret_only_where_the_name_ends_so() -> None:
    assert Service(**SERVICE, env={"TOKEN_LIMIT": 5}).env == {"TOKEN_LIMIT": 5}
    assert "TOKEN_LIMIT holds" in service_mistake(env={"TOKEN_LIMIT": "hunter2"})


@pytest.mark.parametrize("value", ["", "/run/token", "$(OTHER)", "${OTHER}", "true", "No", "disabled"], ids=ascii)
def test_what_cannot_be_a_secret_may_have_the_name_of_one(value: str) -> None:
    assert Service(**SERVICE, env={"AUTH_TOKEN": value}).env == {"AUTH_TOKEN": value}


def test_what_is_none_can_be_said_to_be_none() -> None:
    public: Any = {"public": "pk_test_shown_in_every_page", "reason": "printed in every page of the shop"}
    assert Service(**SERVICE, env={"PUBLISHABLE_TOKEN": public}).written()["env"] == {"PUBLISHABLE_TOKEN": public}


@pytest.mark.parametrize(
    "fields",
    [
        {"init": [{"name": "a", "image": "a@sha256:" + "0" * 64, "env": {"DB_PASSWORD": "hunter2"}}]},
        {"sidecars": [{"name": "a", "image": "a@sha256:" + "0" * 64, "env": {"DB_PASSWORD": "hunter2"}}]},
        {"depends_on": [{"service": "a", "env": {"DB_URL": "postgres://shop:hunter2@{host}"}}]},
        {"configs": [{"name": "a", "data": {"b": "password=hunter2"}}]},
        {"secrets": [{"name": "a", "keys": {"b": "glpat-" + "hunter2" * 4}}]},
        {"route": {"matches": [{"headers": {"Authorization": "Bearer glpat-" + "hunter2" * 4}}]}},
        {"args": ["https://shop:hunter2@db"]},
        {
            "patches": [
                {
                    "kind": "Pod",
                    "path": "/a",
                    "reason": "asked for by its owner",
                    "value": [{"b": "https://a:hunter2@c"}],
                }
            ]
        },
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_secret_is_found_wherever_text_is(fields: dict[str, Any]) -> None:
    sentence = service_mistake(**{"ports": [{"number": 80, "protocol": "http", "name": "http"}], **fields})
    assert "in plain text" in sentence
    assert "hunter2" not in sentence
