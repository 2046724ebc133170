"""The builds that `deploy` names: images as given, or looked up in the registry by their version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.values.base import twice
from constructs_lib.values.data import Json

from ..core.errors import Problem
from ..core.operations import Build
from .as_typed import Typed


@dataclass(frozen=True)
class Builds:
    """Services with versions, their images, and the branch that these were built from."""

    what: Sequence[str]
    """`SERVICE` or `SERVICE=VERSION`."""
    images: Sequence[str]
    ref: str

    def found(self, typed: Typed, specs: Mapping[str, Json]) -> dict[str, Build]:
        """Builds by service, looked up in the registry where no image is given. Raises Problem."""
        if self.images and len(self.images) != len(self.what):
            raise Problem(f"Give one --image for each SERVICE, got {len(self.images)} for {len(self.what)}")
        if self.ref and not self.images:
            raise Problem("--ref needs --image: the registry says which branch an image was built from")
        pairs = [text.partition("=") for text in self.what]
        if name := twice(service for service, _, _ in pairs):
            raise Problem(f"SERVICE must be named once, got {name!r} twice")
        images = self.images or [""] * len(pairs)
        return {
            service: self._build(typed, service, version, image, specs)
            for (service, _, version), image in zip(pairs, images, strict=True)
        }

    def _build(self, typed: Typed, service: str, version: str, image: str, specs: Mapping[str, Json]) -> Build:
        if service not in specs:
            raise Problem(f"SERVICE must be in apps/, got {service!r}. There are {', '.join(sorted(specs))}")
        if image:
            with typed.mistakes(commit=f"the VERSION of {service}"):
                return Build(image=image, commit=version or None, ref=self.ref)
        if not version:
            raise Problem(f"Which VERSION of {service}? Give {service}=COMMIT, or --image REPOSITORY@sha256:…")
        from ..outside.image_registry import Registry  # noqa: PLC0415 - reaches the network

        return Registry().build(specs[service]["image"], version)
