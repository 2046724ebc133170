"""Images and charts are pinned by digest, so that they cannot change behind their names."""

from __future__ import annotations

import re

from .rule import Found
from .unit import UnitView

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\Z")


def image_by_digest(unit: UnitView) -> Found:
    """Every container, init containers and sidecars included, runs an image by its digest."""
    for workload in unit.workloads:
        for container in workload.containers:
            image = container.get("image", "")
            if not _DIGEST.search(image):
                yield (
                    workload.subject,
                    f"container {container['name']} runs {image!r}, which has no digest; use 'repository@sha256:…'",
                )


def never_latest(unit: UnitView) -> Found:
    """No image has the tag `latest`, not even with a digest: the tag will soon be wrong."""
    for workload in unit.workloads:
        for container in workload.containers:
            image = container.get("image", "")
            if image.partition("@")[0].endswith(":latest"):
                yield (
                    workload.subject,
                    f"container {container['name']} runs {image!r}; remove ':latest' and keep the digest",
                )


def chart_by_digest(unit: UnitView) -> Found:
    """Every Helm chart is pulled by digest."""
    for each in unit.kinds("OCIRepository"):
        reference = each["spec"].get("ref") or {}
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(reference.get("digest", ""))):
            name = each["metadata"]["name"]
            yield (
                f"OCIRepository/{name}",
                f"ref must have a digest, got {reference}; add the digest that `crane digest` prints",
            )
