"""Plans are made once, and after a change made again only for the services that it touches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.values.data import Json
from desired.render.cache import Cache
from desired.render.inputs import ClusterInputs, ServiceInput, Target
from desired.render.plans import Plans
from desired.render.source import Code


class Answering:
    """Stands for a renderer: each service is one unit, whose key says what it was made from."""

    def __init__(self, touched: tuple[str, ...] = (), knows_changes: bool = True) -> None:
        self.asked: list[Any] = []
        self.touched, self.knows_changes = touched, knows_changes

    def __call__(self, target: Target, do: str, **more: Any) -> list[Json]:
        changed = more.get("changed")
        self.asked.append(changed)
        services = {name: each.digest for name, each in target.inputs.services.items()}
        platform = [_unit("platform/limits", target.cluster)]
        if changed is None or not self.knows_changes:
            return platform + [_unit(f"{name}/blue", sum_) for name, sum_ in services.items()]
        touched = {*changed, *self.touched}
        found = [_unit(f"{name}/blue", sum_) for name, sum_ in services.items() if name in touched]
        return [{"touched": sorted(touched)}, *found]


def _unit(id_: str, key: str) -> Json:
    return {"unit": id_, "key": key, "folder": id_, "sources": ["envs/"]}


def target(cluster: str = "lab-apps", code_key: str = "code", **images: str) -> Target:
    services = {name: ServiceInput({"image": image}, None) for name, image in images.items()}
    return Target(Code(Path("."), name="the commit abc"), code_key, ClusterInputs(cluster, services, {}))


@pytest.fixture
def cache() -> Iterator[Cache]:
    made = Cache(None)
    yield made
    made.close()


def planned(plans: Plans, of: Target) -> dict[str, str]:
    return {unit.id: unit.key for unit in plans.plan(of)}


def test_the_same_target_is_asked_once_also_by_the_next_process(cache: Cache) -> None:
    code = Answering()
    for plans in (Plans(code, cache), Plans(code, cache)):
        assert planned(plans, target(shop="1")) == planned(plans, target(shop="1"))
    assert code.asked == [None]


@pytest.mark.parametrize("same_process", [True, False])
def test_after_a_change_only_what_it_touches_is_planned_again(cache: Cache, same_process: bool) -> None:
    code = Answering(touched=("cart",))
    plans = Plans(code, cache)
    planned(plans, target(shop="1", cart="1", mailer="1"))
    plans = plans if same_process else Plans(code, cache)
    after = target(shop="2", cart="1", mailer="1")
    assert planned(plans, after) == planned(Plans(Answering(), Cache(None)), after)
    assert code.asked == [None, ["shop"]]


def test_a_service_that_is_gone_leaves_no_unit(cache: Cache) -> None:
    plans = Plans(Answering(), cache)
    planned(plans, target(shop="1", cart="1"))
    assert planned(plans, target(cart="1")).keys() == {"platform/limits", "cart/blue"}


@pytest.mark.parametrize("same_process", [True, False])
def test_another_cluster_of_the_same_code_gets_a_plan_of_its_own(cache: Cache, same_process: bool) -> None:
    code = Answering()
    plans = Plans(code, cache)
    planned(plans, target("lab-ops"))
    plans = plans if same_process else Plans(code, cache)
    assert planned(plans, target("lab-apps", shop="1"))["platform/limits"] == "lab-apps"
    assert code.asked == [None, None]


def test_other_code_plans_everything_anew(cache: Cache) -> None:
    code = Answering()
    plans = Plans(code, cache)
    planned(plans, target(shop="1"))
    planned(plans, target(code_key="newer", shop="1"))
    assert code.asked == [None, None]


def test_older_code_that_does_not_know_of_changes_answers_with_all(cache: Cache) -> None:
    plans = Plans(Answering(knows_changes=False), cache)
    planned(plans, target(shop="1", cart="1"))
    after = target(shop="2", cart="1")
    assert planned(plans, after) == planned(Plans(Answering(), Cache(None)), after)


def test_the_platform_stands_first_then_services_by_name(cache: Cache) -> None:
    units = Plans(Answering(), cache).plan(target(shop="1", cart="1"))
    assert [unit.id for unit in units] == ["platform/limits", "cart/blue", "shop/blue"]
