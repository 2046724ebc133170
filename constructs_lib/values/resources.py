"""The CPU and memory of a container, and Kubernetes quantities as numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Strict, Tag, model_validator

from .base import Value, one_of, shown

_QUANTITY = re.compile(r"\A([0-9]{1,18}(?:\.[0-9]{1,9})?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?\Z")
_FACTOR = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T"), 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}


def amount(quantity: str) -> Decimal:
    """Return a Kubernetes quantity as a number: cores for `250m`, bytes for `64Mi`.

    Raises ValueError if the string is not a quantity.
    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    match = _QUANTITY.match(quantity)
    if not match:
        raise ValueError(f"must be a quantity such as '250m', '2' or '64Mi', got {shown(quantity)}")
    return Decimal(match[1]) * _FACTOR[match[2] or ""]


def _positive(quantity: str) -> str:
    if amount(quantity) <= 0:
        raise ValueError(f"must be more than nothing, got {shown(quantity)}")
    return quantity


Quantity = Annotated[str, Strict(), AfterValidator(_positive)]
SizeName = Literal["S", "M", "L"]


class Resources(Value):
    """The CPU and memory of one container.

    By default the memory limit equals the reserved memory, so that no pod is killed because of its neighbour.
    """

    cpu: Quantity
    """The reserved CPU in cores. `250m` is a quarter of a core."""
    memory: Quantity
    """The reserved memory. It is also the limit, unless `memory_limit` is given."""
    memory_limit: Quantity | None = None
    """The memory at which the container is killed. Default: `memory`."""
    cpu_limit: Quantity | None = None
    """The CPU at which the container is throttled. Default: no limit, so that a container can use idle CPU."""

    @model_validator(mode="after")
    def _requests_within_limits(self) -> Self:
        if amount(self.cpu) > 1000:
            raise ValueError(f"cpu must be cores, as '250m' or '2', got {self.cpu!r}")
        if amount(self.memory) < 2**20:
            raise ValueError(f"memory must be at least '1Mi', got {self.memory!r}; 'm' is a thousandth of a byte")
        if self.memory_limit and amount(self.memory_limit) < amount(self.memory):
            raise ValueError(f"memory_limit {self.memory_limit!r} must be at least memory, got memory {self.memory!r}")
        if self.cpu_limit and amount(self.cpu_limit) < amount(self.cpu):
            raise ValueError(f"cpu_limit {self.cpu_limit!r} must be at least cpu, got cpu {self.cpu!r}")
        return self


def _size_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "\0name" if value in ("S", "M", "L") else None
    return "\0Resources" if isinstance(value, dict | Resources) else None


Size = Annotated[
    Annotated[SizeName, Tag("\0name")] | Annotated[Resources, Tag("\0Resources")],
    one_of("'S', 'M', 'L' or Resources(…)", _size_kind),
]
"""A size that the environment defines, or explicit `Resources`."""
