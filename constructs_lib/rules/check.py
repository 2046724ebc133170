"""Asks the rules: about one unit, and about a cluster of which only a few units change from one check to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from ..values.environment import Environment, Role
from .all_rules import CLUSTER_RULES, RULES, UNIT_RULES, WELL_FORMED, rule_id
from .cluster import ClusterView
from .exemptions import accepted
from .facts import Finding, RuleFacts
from .lookups import Key
from .rule import ForEach, Found, Over, subjects
from .same import same
from .shapes import well_formed
from .unit import UnitView

T = TypeVar("T")
Said = dict[int, list[tuple[int, Any]]]
"""By the place of a function in `_ASKED`: what it said, each with the place of the kind that it said it of."""


def unit_findings(facts: RuleFacts) -> list[Finding]:
    """What the objects of one unit say by themselves. Where one is malformed, only that: others could not read it."""
    unit = UnitView(facts)
    return list(_run([well_formed], unit)) or list(_run(UNIT_RULES, unit))


def cluster_findings(facts: RuleFacts, environment: Environment, role: Role) -> list[Finding]:
    """What all rules say of a cluster, but for what the environment accepts."""
    return ClusterCheck(environment, role).findings({"": facts})


def _run(rules: Iterable[Callable[[UnitView], Found]], unit: UnitView) -> Iterator[Finding]:
    for rule in rules:
        yield from _as_findings(rule_id(rule), rule(unit))


def _as_findings(rule: str, found: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    return (Finding(rule, subject, f"{subject}: {sentence}") for subject, sentence in found)


class ClusterCheck:
    """What the rules say of one cluster, again and again.

    It keeps what each unit's objects said, with the look-ups that were made for it. In the next check only new units
    are asked, and those for which one of these look-ups has another answer. What joins the whole cluster is joined
    again where one of its parts is another one.
    """

    def __init__(self, environment: Environment, role: Role) -> None:
        self._environment, self._role = environment, role
        self._begin()

    def _begin(self) -> None:
        self._cluster = ClusterView()
        self._said: dict[str, tuple[Said, set[Key]]] = {}
        self._joined: dict[str, tuple[list[Any], list[Finding]]] = {}
        self.asked: list[str] = []
        """The keys of the units that were asked in the last check."""
        self.joined: list[str] = []
        """The rules that joined the whole cluster in the last check."""

    def findings(self, facts: Mapping[str, RuleFacts]) -> list[Finding]:
        """What all rules say of the cluster with these units, but for what the environment accepts.

        A key stands for its facts: those of a key that the last check had are not read again.
        """
        of_units = [finding for each in facts.values() for finding in each.findings]
        if malformed := [each for each in of_units if each.rule == WELL_FORMED]:
            return malformed
        self._exchange(facts)
        self._ask()
        found = [*of_units, *self._found()]
        declared = {service["name"] for each in facts.values() for service in each.services}
        return accepted(list(dict.fromkeys(found)), self._environment, self._role, declared, RULES)

    def _exchange(self, facts: Mapping[str, RuleFacts]) -> None:
        units = self._cluster.units
        if [key for key in units if key in facts] != [key for key in facts if key in units]:
            self._begin()  # in another order: findings come in the order of units
            units = {}
        now = {key: units.get(key) or UnitView(each) for key, each in facts.items()}
        changed = self._cluster.exchange(now)
        self._said = {key: said for key, said in self._said.items() if key in now and said[1].isdisjoint(changed)}

    def _ask(self) -> None:
        self.asked = [key for key in self._cluster.units if key not in self._said]
        for key in self.asked:
            self._cluster.read = set()
            said = _said(self._cluster.units[key], self._cluster)
            self._said[key] = said, self._cluster.read

    def _found(self) -> Iterator[Finding]:
        together: dict[int, list[tuple[int, Any]]] = defaultdict(list)
        for key in self._cluster.units:
            for place, here in self._said[key][0].items():
                together[place].extend(here)
        self.joined = []
        for rule in CLUSTER_RULES:
            each = rule.of if isinstance(rule, Over) else rule
            said: list[Any] = [what for _, what in sorted(together[_PLACES[each]], key=itemgetter(0))]
            yield from self._join(rule, said) if isinstance(rule, Over) else _as_findings(rule_id(rule), said)

    def _join(self, rule: Over[Any], said: list[Any]) -> list[Finding]:
        id_ = rule_id(rule)
        if id_ not in self._joined or not same(self._joined[id_][0], said):
            self._joined[id_] = said, list(_as_findings(id_, rule.join(said)))
            self.joined.append(id_)
        return self._joined[id_][1]


_ASKED = list(dict.fromkeys(rule.of if isinstance(rule, Over) else rule for rule in CLUSTER_RULES))
_PLACES: dict[ForEach[Any], int] = {each: place for place, each in enumerate(_ASKED)}
_STEPS: dict[str, list[tuple[int, int, Callable[..., Iterator[Any]]]]] = defaultdict(list)
"""By what they are about: the functions to call, each with its place and that of the kind among those of the rule."""
for _place, _each in enumerate(_ASKED):
    for _kind, (_about, _function) in enumerate(_each.steps):
        _STEPS[_about].append((_place, _kind, _function))


def _said(unit: UnitView, cluster: ClusterView) -> Said:
    said: Said = {}
    for about, found in subjects(unit, cluster).items():
        for place, kind, function in _STEPS.get(about, ()):
            for each in found:
                for what in function(each, cluster):
                    said.setdefault(place, []).append((kind, what))
    return said
