"""CPU and memory: what a container asks for, and how Kubernetes' quantities are read."""

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
    """A Kubernetes quantity as a number: cores for `250m`, bytes for `64Mi`.

    Raises ValueError for what is not a quantity.
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
    """What one container asks for and may use. Memory is said once: no pod is killed for its neighbour."""

    cpu: Quantity
    """The CPU that is reserved, in cores (`250m` is a quarter of one)."""
    memory: Quantity
    """The memory that is reserved, and the limit unless `memory_limit` says otherwise."""
    memory_limit: Quantity | None = None
    """The memory at which the container is ended; `memory` when not given."""
    cpu_limit: Quantity | None = None
    """The CPU at which the container is slowed down; none when not given, as idle CPU is free."""

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
"""A size that the environment maps, or numbers."""
