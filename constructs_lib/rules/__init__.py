"""Fleet rules."""

from __future__ import annotations
from typing import Any
from ..environment import Environment, Role
from ..synth.facts import Facts, Finding


def unit_findings(facts: Facts) -> list[Finding]:
    return []


def cluster_findings(facts: Facts, environment: Environment, role: Role) -> list[Finding]:
    return []
