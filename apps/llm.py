"""LLM: a mock of a language model."""

from constructs_lib import Dependency, Port, Resources, Service

SERVICE = Service(
    name="llm",
    owner="team-catalog",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8000),),
    description="Answers as the API of a language model would",
    tier=3,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/llm",
    size=Resources(cpu="50m", memory="50Mi"),
    depends_on=(Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),),
    telemetry=False,
)
