"""The number of pods: fixed, or between bounds with an autoscaler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypedDict, Unpack

from pydantic import Field, Tag, model_validator

from .base import Int, Line, Many, Name, PlainText, Seconds, Value, one_of
from .resources import Quantity, SizeName

Replicas = Annotated[Int, Field(ge=1, le=1000)]
Percent = Annotated[Int, Field(ge=1, le=100)]


class Metric(Value):
    """A metric other than CPU and memory. Make it with `Metric.pods`, `Metric.object` or `Metric.external`."""

    kind: Literal["pods", "object", "external"]
    """What the metric describes."""
    name: Line
    """The name of the metric in the metrics API."""
    target: Quantity
    """The target average per pod."""
    labels: dict[PlainText, PlainText] = {}
    """Labels that select among the series of this name."""
    described_kind: PlainText | None = None
    """For `object`: the kind of the object that the metric describes, such as `Service`."""
    described_name: Name | None = None
    """For `object`: the name of that object."""
    described_api_version: PlainText = "v1"
    """For `object`: the API version of that object."""

    @classmethod
    def pods(cls, name: str, target: str) -> Metric:
        """Make a metric that the pods of the service export."""
        return cls(kind="pods", name=name, target=target)

    @classmethod
    def object(cls, name: str, target: str, kind: str, of: str, api_version: str = "v1") -> Metric:
        """Make a metric that describes one object of the cluster."""
        return cls(
            kind="object", name=name, target=target, described_kind=kind, described_name=of,
            described_api_version=api_version,
        )  # fmt: skip

    @classmethod
    def external(cls, name: str, target: str, **labels: str) -> Metric:
        """Make a metric from outside the cluster, such as the length of a queue."""
        return cls(kind="external", name=name, target=target, labels=labels)

    @model_validator(mode="after")
    def _described(self) -> Self:
        if (self.kind == "object") != (self.described_kind is not None and self.described_name is not None):
            raise ValueError("an object metric, and only it, names the kind and the object that it describes")
        return self


class ScaleTuning(TypedDict, total=False):
    """What `Scale.between` takes besides the bounds: the fields of a scale."""

    cpu: int
    memory: int
    metrics: Sequence[Metric]
    scale_down_seconds: int
    scale_down_percent: int
    scale_up_percent: int


class Scale(Value):
    """The number of pods. `Scale.fixed(3)` creates no autoscaler; `Scale.between(2, 8)` creates one."""

    min: Replicas
    """The minimum number of pods."""
    max: Replicas
    """The maximum number of pods. For a fixed number, the same as `min`."""
    cpu: Percent | None = None
    """The target CPU use, in percent of the reserved CPU. Default: 70 if no metric is given."""
    memory: Percent | None = None
    """The target memory use, in percent of the reserved memory."""
    metrics: Many[Metric] = ()
    """Additional metrics. The metric that needs the most pods decides."""
    scale_down_seconds: Annotated[Seconds, Field(le=3600)] = 300
    """Seconds of lower load before pods are removed."""
    scale_down_percent: Percent = 25
    """The percentage of the pods that may be removed in a minute."""
    scale_up_percent: Annotated[Int, Field(ge=1, le=1000)] = 100
    """The percentage of the pods that may be added in fifteen seconds."""

    @classmethod
    def fixed(cls, replicas: int) -> Scale:
        """Make a scale with a fixed number of pods and no autoscaler."""
        return cls(min=replicas, max=replicas)

    @classmethod
    def between(cls, low: int, high: int, **tuning: Unpack[ScaleTuning]) -> Scale:
        """Make a scale with an autoscaler that keeps between `low` and `high` pods."""
        return cls(min=low, max=high, **tuning)

    @property
    def is_fixed(self) -> bool:
        """Whether the number of pods is fixed, so that no autoscaler is needed."""
        return self.min == self.max

    @property
    def cpu_target(self) -> int | None:
        """The target CPU use in percent: as given, or 70 if the scale has no other metric."""
        return self.cpu if self.cpu or self.memory or self.metrics else 70

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min must not be above max, got min {self.min} and max {self.max}")
        if self.is_fixed and (self.cpu or self.memory or self.metrics):
            raise ValueError(f"a fixed number of pods has no metrics, got {self.min}; give a max above min")
        return self


def _scale_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "\0name" if value in ("S", "M", "L") else None
    return "\0Scale" if isinstance(value, dict | Scale) else None


Pods = Annotated[
    Annotated[SizeName, Tag("\0name")] | Annotated[Scale, Tag("\0Scale")],
    one_of("'S', 'M', 'L' or Scale(…)", _scale_kind),
]
"""A size that the environment defines, or an explicit `Scale`."""
