"""The manifests of a cluster: their texts come from the cache, and are what the plan said or are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from constructs_lib import Problem
from desired.render.cache import Cache
from desired.render.manifests import ClusterManifests, PlannedUnit

UNIT = PlannedUnit("cart/blue", "1", "apps/cart-blue", ("apps/cart.py",))
OTHER = PlannedUnit("cart/front", "2", "apps/cart", ("apps/cart.py",))
SERVICE, ROUTE = "apps/cart-blue/service-cart-blue.yaml", "apps/cart/httproute-cart.yaml"


@pytest.fixture
def cache() -> Iterator[Cache]:
    cache = Cache(None)
    cache.put(UNIT.key, {SERVICE: "a"}, {})
    cache.put(OTHER.key, {ROUTE: "b"}, {})
    yield cache
    cache.close()


def test_texts_are_those_of_the_units(cache: Cache) -> None:
    manifests = ClusterManifests("first-apps", [UNIT, OTHER], cache)
    assert manifests.texts([ROUTE, SERVICE]) == {ROUTE: "b", SERVICE: "a"}
    assert manifests.all_lists.keys() == {"apps/cart-blue/kustomization.yaml", "apps/cart/kustomization.yaml"}


def test_a_text_that_is_not_what_was_expected_is_refused(cache: Cache) -> None:
    manifests = ClusterManifests("first-apps", [UNIT, OTHER], cache)
    assert manifests.digests.keys() == {SERVICE, ROUTE}
    cache.put(UNIT.key, {SERVICE: "other"}, {})
    with pytest.raises(Problem, match=f"{SERVICE}: the cache is damaged. Run the command again with DESIRED_CACHE=off"):
        manifests.texts([SERVICE])


def test_two_units_that_write_one_path_are_refused(cache: Cache) -> None:
    cache.put(OTHER.key, {SERVICE: "b"}, {})
    with pytest.raises(Problem, match=f"first-apps: two units write {SERVICE}. Rename one of the objects"):
        _ = ClusterManifests("first-apps", [UNIT, OTHER], cache).digests


def test_a_change_of_one_text_changes_that_file_and_the_list_of_its_folder(cache: Cache) -> None:
    before = ClusterManifests("first-apps", [UNIT, OTHER], cache)
    cache.put("3", {SERVICE: "c"}, {})
    after = ClusterManifests("first-apps", [PlannedUnit(UNIT.id, "3", UNIT.folder, UNIT.sources), OTHER], cache)
    changes = after.changes_from(before)
    assert changes[f"manifests/first-apps/{SERVICE}"] == "c"
    assert not [path for path in changes if path.startswith("manifests/first-apps/apps/cart/")]


def test_a_unit_that_is_gone_takes_its_files_and_its_list_with_it(cache: Cache) -> None:
    before, after = ClusterManifests("first-apps", [UNIT, OTHER], cache), ClusterManifests("first-apps", [OTHER], cache)
    folder = "manifests/first-apps/apps/cart-blue"
    assert after.changes_from(before) == {
        f"{folder}/service-cart-blue.yaml": None,
        f"{folder}/kustomization.yaml": None,
    }
