"""Findings that an environment accepts, each with a reason.

An environment has two clusters with the same platform. An exemption that matches no finding is reported for the apps
cluster; one for the reference service is reported for the ops cluster, the only one that runs it.
"""

from __future__ import annotations

from collections.abc import Collection

from ..values.environment import Environment, Exemption, Role
from .facts import Finding


def accepted(
    found: list[Finding], environment: Environment, role: Role, declared: Collection[str], rules: Collection[str]
) -> list[Finding]:
    """The findings that no exemption accepts, and one for each exemption that matches no finding."""
    exempt = {(each.rule, each.subject): each for each in environment.exemptions}
    left = [each for each in found if (each.rule, each.subject) not in exempt]
    used = {(each.rule, each.subject) for each in found}
    return left + [
        _stale(each, environment, rules)
        for each in environment.exemptions
        if (each.rule, each.subject) not in used and _judged(each, environment, role, declared)
    ]


def _judged(exemption: Exemption, environment: Environment, role: Role, declared: Collection[str]) -> bool:
    reference = environment.ops.reference
    if reference and exemption.subject == reference.service.name:
        return role == "ops" or exemption.subject in declared
    return role == "apps"


def _stale(exemption: Exemption, environment: Environment, rules: Collection[str]) -> Finding:
    why = "matches no finding" if exemption.rule in rules else "names a rule that does not exist"
    return Finding(
        "stale-exemption",
        exemption.subject,
        f"{exemption.subject}: the exemption from {exemption.rule} {why}; remove it from environment "
        f"{environment.name}",
    )
