"""Quantities, and what a container reserves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib import Resources
from constructs_lib.values import amount
from tests.support.mistakes import by_sentence, mistake


@pytest.mark.parametrize(
    ("quantity", "number"),
    [("2", "2"), ("250m", "0.25"), ("0.5", "0.5"), ("1k", "1000"), ("64Mi", "67108864"), ("1.5Gi", "1610612736"),
     ("1G", "1000000000"), ("2Ti", "2199023255552"), ("0", "0")],
)  # fmt: skip
def test_a_quantity_is_a_number(quantity: str, number: str) -> None:
    assert amount(quantity) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1.", ".5", "-1", "+1", "1e3", "1mi", "1K", "1MB", "Mi", "1Mi\n", "٣", "1,5", "9" * 19]
)
def test_any_other_text_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="must be a quantity such as '250m', '2' or '64Mi', got "):
        amount(text)


@given(number=st.integers(1, 10**12), unit=st.sampled_from(["Ki", "Mi", "Gi"]))
def test_a_larger_number_is_a_larger_amount(number: int, unit: str) -> None:
    assert amount(f"{number}{unit}") < amount(f"{number + 1}{unit}")
    assert amount(f"{number * 1024}{unit}") == amount(f"{number}{unit}") * 1024


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cpu": "1", "memory": "1Gi", "memory_limit": "512Mi"},
         "Resources: memory_limit '512Mi' must be at least memory, got memory '1Gi'"),
        ({"cpu": "1", "memory": "1Gi", "cpu_limit": "500m"},
         "Resources: cpu_limit '500m' must be at least cpu, got cpu '1'"),
        ({"cpu": "64Mi", "memory": "1Gi"}, "Resources: cpu must be cores, as '250m' or '2', got '64Mi'"),
        ({"cpu": "1", "memory": "512m"},
         "Resources: memory must be at least '1Mi', got '512m'; 'm' is a thousandth of a byte"),
        ({"cpu": "0", "memory": "1Gi"}, "Resources.cpu must be more than nothing, got '0'"),
        ({"cpu": 1, "memory": "1Gi"}, "Resources.cpu must be a string, got 1"),
        ({"cpu": "1"}, "Resources.memory must be given"),
    ],
    ids=by_sentence,
)  # fmt: skip
def test_what_cannot_be_reserved_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert mistake(Resources, fields) == sentence


@pytest.mark.parametrize("limit", ["1Gi", "2G", "1073741824"])
def test_a_limit_may_be_what_is_reserved_or_more(limit: str) -> None:
    assert Resources(cpu="1", memory="1Gi", memory_limit=limit, cpu_limit="1").memory_limit == limit
