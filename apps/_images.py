"""Defines the images of all services. Change versions only here."""

from __future__ import annotations

from hashlib import sha256

DEMO = "2.2.0"
"""The version of the OpenTelemetry Demo."""
REPOSITORY = "ghcr.io/open-telemetry/demo"


def placeholder(repository: str, tag: str) -> str:
    """Return the image of `repository:tag` with a placeholder digest, `sha256:0000…`.

    Only the registry knows the real digest. The placeholder differs for each tag, so that a new version is a change.
    """
    return f"{repository}@sha256:{'0' * 56}{sha256(f'{repository}:{tag}'.encode()).hexdigest()[:8]}"


def demo(component: str) -> str:
    """Return the image of one component of the demo, for a service, a sidecar or an init container."""
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
"""The image of each service by name."""
