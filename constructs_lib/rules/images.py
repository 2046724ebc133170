"""What runs is named so that it can never change behind its name."""

from __future__ import annotations

import re

from .index import Found, Index

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\Z")


def image_by_digest(index: Index) -> Found:
    """Every container, those beside the main one too, runs an image by its digest."""
    for workload in index.workloads:
        for container in workload.containers:
            image = container.get("image", "")
            if not _DIGEST.search(image):
                yield (
                    workload.subject,
                    f"the container {container['name']} runs {image!r}, which is not named by a digest; "
                    f"name it as 'repository@sha256:…'",
                )


def never_latest(index: Index) -> Found:
    """No image is called `latest`, with a digest neither: the word would be wrong tomorrow."""
    for workload in index.workloads:
        for container in workload.containers:
            image = container.get("image", "")
            if image.partition("@")[0].endswith(":latest"):
                yield (
                    workload.subject,
                    f"the container {container['name']} runs {image!r}; take ':latest' out and keep the digest",
                )


def chart_by_digest(index: Index) -> Found:
    """Charts of operators are pulled by digest."""
    for each in index.kinds("OCIRepository"):
        reference = each["spec"].get("ref") or {}
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(reference.get("digest", ""))):
            name = each["metadata"]["name"]
            yield f"OCIRepository/{name}", f"ref must hold a digest, got {reference}; add what `crane digest` prints"
