"""flagd: switches features on and off, with its user interface beside it."""

import json

from constructs_lib import Config, Container, Dependency, Port, Resources, Scale, Secret, SecretKey, Service, Volume

from ._images import demo

_UI = demo("flagd-ui")
_FILE = "demo.flagd.json"
# The user interface has a fixed path, so flagd reads the file from the same path.
_FOLDER = "/app/data"


def _flag(description: str, **variants: bool | float) -> dict[str, object]:
    return {
        "description": description,
        "state": "ENABLED",
        "variants": variants or {"on": True, "off": False},
        "defaultVariant": "off",
    }


_PERCENT = {"off": 0, "10%": 0.1, "25%": 0.25, "50%": 0.5, "75%": 0.75, "90%": 0.9, "100%": 1}
_FLAGS = {
    "adFailure": _flag("Requests to ad fail"),
    "adHighCpu": _flag("ad uses much CPU"),
    "adManualGc": _flag("ad collects garbage again and again"),
    "cartFailure": _flag("Emptying a cart fails"),
    "emailMemoryLeak": _flag("email forgets to free memory", off=0, **{f"{10**n}x": 10**n for n in range(5)}),
    "failedReadinessProbe": _flag("cart says that it is not ready"),
    "imageSlowLoad": _flag("Pictures load slowly, in milliseconds", **{"off": 0, "5sec": 5000, "10sec": 10000}),
    "kafkaQueueProblems": _flag("Many orders at once, and slow consumers", on=100, off=0),
    "llmInaccurateResponse": _flag("llm sums up one product wrongly"),
    "llmRateLimitError": _flag("llm now and then refuses for too many requests"),
    "loadGeneratorFloodHomepage": _flag("load-generator floods the first page", on=100, off=0),
    "paymentFailure": _flag("A share of the charges fails", **_PERCENT),
    "paymentUnreachable": _flag("checkout cannot reach payment"),
    "productCatalogFailure": _flag("One product cannot be read"),
    "recommendationCacheFailure": _flag("The cache of recommendation grows and grows"),
}

SERVICE = Service(
    name="flagd",
    owner="team-platform",
    image="ghcr.io/open-feature/flagd",
    ports=(Port.grpc(8013, "rpc"), Port.http(8016, "ofrep"), Port.http(4000, "ui")),
    description="Answers which features are on, and shows them",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/flagd",
    args=("start", "--port", "8013", "--ofrep-port", "8016", "--uri", f"file:{_FOLDER}/{_FILE}"),
    env={"FLAGD_METRICS_EXPORTER": "otel", "GOMEMLIMIT": "60MiB"},
    configs=(
        Config(
            name="flags",
            mount="/etc/flags",
            data={_FILE: json.dumps({"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": _FLAGS}, indent=2)},
        ),
    ),
    secrets=(Secret(name="ui", keys={"secret-key-base": "flagd/ui#secret-key-base"}),),
    volumes=(Volume.scratch(_FOLDER, "16Mi"),),
    init=(
        # The user interface writes the file, but a config is read-only: each pod starts with a copy.
        Container(name="copy-flags", image=_UI, command=("cp", f"/etc/flags/{_FILE}", f"{_FOLDER}/{_FILE}")),
    ),
    sidecars=(
        Container(
            name="flagd-ui",
            image=_UI,
            env={
                "FLAGD_UI_PORT": 4000,
                "PHX_HOST": "localhost",
                "SECRET_KEY_BASE": SecretKey(secret="ui", key="secret-key-base"),
                "RELEASE_TMP": "/tmp",
            },
            size=Resources(cpu="50m", memory="250Mi"),
        ),
    ),
    size=Resources(cpu="50m", memory="75Mi"),
    # Each pod has its own copy of the flags, so a second pod could return other values.
    scale=Scale.fixed(1),
    depends_on=(Dependency(service="otel-collector", port="grpc", env={"FLAGD_OTEL_COLLECTOR_URI": "{address}"}),),
    route=None,
)
