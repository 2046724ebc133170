"""What differs between the stable versions of two environments, or of one at two commits: image and spec, by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from pydantic import ValidationError

from constructs_lib.values import Environment, Service
from constructs_lib.values.data import Json, canonical, digest
from constructs_lib.values.release import short_digest

from ..diff.describe_changes import words
from ..history import release_files
from .publisher import Publisher
from .status import SlotSummary, Summaries


@dataclass(frozen=True)
class VersionDifference:
    """One service that runs differently on both sides, or only on one."""

    service: str
    before: str
    """The name of its version; `-` where it does not run."""
    after: str
    spec: bool
    """Whether the specs differ."""
    differences: tuple[str, ...]
    """What differs, one phrase for each field."""

    def as_json(self) -> Json:
        """For programs."""
        return {**asdict(self), "differences": list(self.differences)}


class Side:
    """What runs in an environment at a commit."""

    def __init__(self, publisher: Publisher, environment: Environment, commit: str) -> None:
        self._publisher, self._environment, self._commit = publisher, environment, commit
        self._services = Summaries(publisher.git, publisher.index).of(commit, environment.name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def stable(self, service: str) -> SlotSummary | None:
        """The version in the stable slot; None if the service does not run."""
        found = self._services.get(service)
        return found[1][found[0]] if found else None

    @cached_property
    def _followed(self) -> Mapping[str, Json]:
        """The specs of `apps/` by which the cluster is made, for slots that follow it."""
        return self._publisher.history.followed(self._environment, self._commit)

    def spec_digest(self, service: str) -> str:
        """A digest of the spec with which the service runs; empty if it does not."""
        slot = self.stable(service)
        followed = slot and not slot.spec and self._followed.get(service)
        return digest(canonical(followed)) if followed else slot.spec if slot else ""

    def spec(self, service: str) -> Json:
        """The spec with which the service runs, with its defaults; empty if it does not."""
        slot = self.stable(service)
        if slot is None:
            return {}
        if not slot.spec:
            return _whole(self._followed.get(service, {}))
        folder = release_files.folder(self._environment.name)
        blob = self._publisher.git.tree(self._commit, folder)[f"{service}.yaml"].id
        release = self._publisher.history.releases.data(f"{folder}/{service}.yaml", blob)
        return _whole(release["slots"][release["stable"]]["spec"])


def _whole(spec: Json) -> Json:
    """A spec with the fields that it left out, so that a field which appears is shown with what it was before."""
    try:
        return Service.model_validate(spec).model_dump(mode="json")
    except ValidationError:  # another version of the library wrote it
        return spec


def differences(old: Side, new: Side) -> Iterator[VersionDifference]:
    """Every service that differs, by name."""
    for service in sorted({*old, *new}):
        before, after = old.stable(service), new.stable(service)
        image = list(_image(before, after)) if before and after else []
        spec = _spec(old, new, service) if before and after else []
        if image or spec or not before or not after:
            was, now = (each.version if each else "-" for each in (before, after))
            yield VersionDifference(service, was, now, bool(spec), (*image, *spec))


def _image(old: SlotSummary, new: SlotSummary) -> Iterator[str]:
    if old.image != new.image:
        same = old.image.partition("@")[0] == new.image.partition("@")[0]
        was, now = (short_digest(each.image) if same else each.image for each in (old, new))
        yield f"image: {was} → {now}"


def _spec(old: Side, new: Side, service: str) -> list[str]:
    if old.spec_digest(service) == new.spec_digest(service):
        return []
    return words(old.spec(service), new.spec(service))
