"""The one place for the versions of images."""

from __future__ import annotations

from hashlib import sha256

DEMO = "2.2.0"
"""The release of the OpenTelemetry Demo."""
REPOSITORY = "ghcr.io/open-telemetry/demo"


def placeholder(repository: str, tag: str) -> str:
    """An image by a digest that stands for `repository:tag` and is visibly none.

    The real digest cannot be resolved without asking the registry; `sha256:0000…` marks one that was not. It differs
    for each tag, so that a new version is a change.
    """
    return f"{repository}@sha256:{'0' * 56}{sha256(f'{repository}:{tag}'.encode()).hexdigest()[:8]}"


def demo(component: str) -> str:
    """The image of one component of the demo, for a service, a sidecar or an init container."""
    return placeholder(REPOSITORY, f"{DEMO}-{component}")


_COMPONENTS = (
    "accounting",
    "ad",
    "cart",
    "checkout",
    "currency",
    "email",
    "fraud-detection",
    "frontend",
    "frontend-proxy",
    "image-provider",
    "kafka",
    "llm",
    "load-generator",
    "payment",
    "product-catalog",
    "product-reviews",
    "quote",
    "recommendation",
    "shipping",
)

IMAGES: dict[str, str] = {
    **{component: demo(component) for component in _COMPONENTS},
    "flagd": placeholder("ghcr.io/open-feature/flagd", "v0.12.9"),
    "otel-collector": placeholder(
        "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib", "0.142.0"
    ),
    "valkey-cart": placeholder("docker.io/valkey/valkey", "9.0.1-alpine3.23"),
}
"""The image of every service, by its name."""
