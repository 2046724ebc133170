"""How many pods run: a fixed number, or bounds and the metrics that move between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

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
    """Its name in the metrics API."""
    target: Quantity
    """The average per pod that is aimed at."""
    labels: dict[PlainText, PlainText] = {}
    """Selects among the series of this name."""
    described_kind: PlainText | None = None
    """For `object`: the kind that the metric describes, as `Service`."""
    described_name: Name | None = None
    """For `object`: its name."""
    described_api_version: PlainText = "v1"
    """For `object`: the API version of its kind."""

    @classmethod
    def pods(cls, name: str, target: str) -> Metric:
        """A metric of the pods themselves."""
        return cls(kind="pods", name=name, target=target)

    @classmethod
    def object(cls, name: str, target: str, kind: str, of: str, api_version: str = "v1") -> Metric:
        """A metric of one object of the cluster."""
        return cls(
            kind="object", name=name, target=target, described_kind=kind, described_name=of,
            described_api_version=api_version,
        )  # fmt: skip

    @classmethod
    def external(cls, name: str, target: str, **labels: str) -> Metric:
        """A metric from outside the cluster, as the length of a queue."""
        return cls(kind="external", name=name, target=target, labels=labels)

    @model_validator(mode="after")
    def _described(self) -> Self:
        if (self.kind == "object") != (self.described_kind is not None and self.described_name is not None):
            raise ValueError("an object metric, and only it, names the kind and the object that it describes")
        return self


class Scale(Value):
    """How many pods run. `Scale.fixed(3)` makes no autoscaler; bounds make one."""

    min: Replicas
    """Pods that always run."""
    max: Replicas
    """Pods that run at the peak; the same as `min` for a fixed number."""
    cpu: Percent | None = None
    """Average CPU use aimed at, in per cent of what is reserved; 70 when no metric is given."""
    memory: Percent | None = None
    """Average memory use aimed at, in per cent of what is reserved."""
    metrics: Many[Metric] = ()
    """Further metrics; the one that asks for most pods wins."""
    scale_down_seconds: Annotated[Seconds, Field(le=3600)] = 300
    """Seconds of calm before pods are taken away."""
    scale_down_percent: Percent = 25
    """Per cent of the pods that may be taken away in a minute."""
    scale_up_percent: Annotated[Int, Field(ge=1, le=1000)] = 100
    """Per cent of the pods that may be added in fifteen seconds."""

    @classmethod
    def fixed(cls, replicas: int) -> Scale:
        """Always this many pods."""
        return cls(min=replicas, max=replicas)

    @classmethod
    def between(cls, low: int, high: int, **tuning: Any) -> Scale:
        """An autoscaler that keeps between `low` and `high` pods."""
        return cls(min=low, max=high, **tuning)

    @property
    def is_fixed(self) -> bool:
        """Whether no autoscaler is needed."""
        return self.min == self.max

    @property
    def cpu_target(self) -> int | None:
        """The CPU use aimed at: what was given, or 70 where nothing else is measured."""
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
"""A size that the environment maps, or numbers."""
