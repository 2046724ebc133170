"""Requests during a rollout: none fails, and each slot gets its share."""

import math
import time
from collections import Counter
from itertools import pairwise

from testbed.load import Load, LoadTarget
from testbed.nodes import NEVER_READY
from testbed.process import until
from testbed.report import Record
from tests.e2e.traffic.fleet import Steps, move
from tests.e2e.traffic.measured import assert_rate, between, failures, plot, share, until_answered
from tests.e2e.traffic.shop import Shop, without_drain

_RATE = 520.0
"""Requests a second."""


def _mixed(shop: Shop, http: str, grpc: str) -> list[LoadTarget]:
    """Of twenty requests ten are HTTP from outside and inside, eight gRPC and two WebSocket."""
    outside, inside, call = shop.outside("shop"), shop.inside(http), shop.inside(grpc, "grpc")
    socket = shop.outside("shop", "websocket")
    return [outside, call, inside, call, outside, call, inside, call, outside, socket] * 2


def test_no_request_fails_in_a_rollout_from_0_over_40_to_100_per_cent_to_its_end(shop: Shop, record: Record) -> None:
    """Two rollouts of one service each, side by side: one takes HTTP and WebSocket, the other gRPC."""
    steps = shop.fleet.rollouts("frontend-proxy", "checkout")
    move(shop.api, steps.before, steps.entered)
    shop.await_slot("frontend-proxy-green", "checkout-green")
    load = shop.load(_RATE, *_mixed(shop, "frontend-proxy", "checkout"))
    until_answered(load, 3_000)
    canary = move(shop.api, steps.entered, steps.canary)
    until_answered(load, 13_500)
    everything = move(shop.api, steps.canary, steps.everything)
    until_answered(load, 5_000)
    finalized = move(shop.api, steps.everything, steps.finalized)
    until_answered(load, 2_000)
    closed = move(shop.api, steps.finalized, steps.closed)
    shop.await_end("frontend-proxy-blue", "checkout-blue")
    until_answered(load, max(1_000, 30_500 - load.answered()))
    samples = load.stop()

    marks = {"40 %": canary, "100 %": everything, "finalized": finalized, "closed": closed}
    plot(record, "A rollout", samples, marks)
    record.measure("Traffic", "requests in a rollout", len(samples), "requests")
    record.measure("Traffic", "of these failed", failures(samples).total(), "requests", 0)
    assert failures(samples) == {}
    assert len(samples) >= 30_000
    assert_rate(samples, 500)
    assert Counter(s.kind for s in samples).keys() == {"http", "grpc", "websocket"}

    at_40 = between(samples, canary, everything)
    record.measure("Traffic", "distance from the share of 40 %", abs(share(at_40, "green") - 40), "points", 2)
    assert share([s for s in samples if s.due < canary - 1], "green") == 0
    assert abs(share(at_40, "green") - 40) <= 2
    assert share(between(samples, everything, closed), "green") == 100
    assert share(between(samples, closed), "green") == 100
    for service in ("frontend-proxy", "checkout"):
        mine = [s for s in at_40 if s.service == service]
        # Each request is decided for itself: four standard deviations of that.
        assert abs(share(mine, "green") - 40) <= 400 * math.sqrt(0.4 * 0.6 / len(mine))


def test_no_request_fails_in_a_rollback_and_none_reaches_the_new_slot_two_seconds_later(
    shop: Shop, record: Record
) -> None:
    steps = shop.fleet.rollouts("frontend", "cart")
    move(shop.api, steps.before, steps.entered)
    shop.await_slot("frontend-green", "cart-green")
    move(shop.api, steps.entered, steps.canary)
    load = shop.load(_RATE, shop.inside("frontend"), shop.inside("cart", "grpc"))
    until_answered(load, 4_000)
    sent = time.time()
    back = move(shop.api, steps.canary, steps.entered)
    until_answered(load, 4_000)
    samples = load.stop()

    plot(record, "A rollback", samples, {"rolled back": back})
    last = max(s.due for s in samples if s.slot == "green")
    record.measure("Traffic", "from sending a rolled back route to the last canary request", last - sent, "s", 2)
    assert failures(samples) == {}
    assert_rate(samples, 500)
    assert abs(share([s for s in samples if s.due < back], "green") - 40) <= 4
    assert Counter(s.slot for s in between(samples, back)).keys() == {"blue"}


def _in_flight(shop: Shop, *loads: Load, services: tuple[str, str], requests: int) -> None:
    """Waits until the internal gateway has all requests of the loads, unanswered."""
    until(
        lambda: shop.internal.active_requests(services) >= requests,
        f"{requests} requests are in flight at once",
        seconds=10,
        pause=0.05,
    )
    assert sum(load.answered() for load in loads) == 0


def _end(shop: Shop, steps: Steps) -> float:
    """All traffic to the new slot, finalize and close, without a pause. The Unix time when the old slot was deleted."""
    for old, new in pairwise((steps.entered, steps.everything, steps.finalized, steps.closed)):
        deleted = move(shop.api, old, new)
    return deleted


def test_requests_in_flight_when_the_old_slot_stops_all_finish(shop: Shop, record: Record) -> None:
    """200 of three seconds, which the drain outlasts, and 20 of twelve, which the pods must finish after it."""
    http, grpc = services = ("quote", "currency")
    steps = shop.fleet.rollouts(*services)
    move(shop.api, steps.before, steps.entered)
    shop.await_slot(*(f"{name}-green" for name in services))
    loads = [
        shop.load(400, shop.inside(http, wait_seconds=seconds), shop.inside(grpc, "grpc", seconds), limit=limit)
        for seconds, limit in ((12.0, 20), (3.0, 200))
    ]
    _in_flight(shop, *loads, services=services, requests=220)
    deleted = _end(shop, steps)
    samples = [sample for load in loads for sample in load.wait()]

    record.measure("Traffic", "requests in flight when the old slot stops", len(samples), "requests")
    record.measure("Traffic", "of these lost", failures(samples).total(), "requests", 0)
    assert len(samples) == 220
    assert all(sample.due + sample.latency > deleted for sample in samples), "they were in flight"
    assert {sample.slot for sample in samples} == {"blue"}
    assert failures(samples) == {}
    shop.await_end(f"{http}-blue", f"{grpc}-blue")


def test_without_the_drain_requests_in_flight_are_lost(shop: Shop, record: Record) -> None:
    """The control of the test above: the same, with pods that end at once."""
    http, grpc = services = ("email", "payment")
    shipped = shop.fleet.rollouts(*services)
    steps = Steps(*(without_drain(without_drain(tree, http), grpc) for tree in shipped))
    move(shop.api, shipped.before, steps.entered)
    shop.await_slot(*(f"{name}-{slot}" for name in services for slot in ("blue", "green")))
    load = shop.load(400, shop.inside(http, wait_seconds=3.0), shop.inside(grpc, "grpc", 3.0), limit=200)
    _in_flight(shop, load, services=services, requests=200)
    _end(shop, steps)
    samples = load.wait()

    record.measure("Traffic", "requests lost where the drain is taken away", failures(samples).total(), "requests")
    assert {sample.kind for sample in samples if sample.failure} == {"http", "grpc"}


_GREEN = "load-generator-green/deployment-load-generator-green.yaml"


def test_a_new_slot_without_a_ready_pod_gets_nothing_and_the_stable_one_all(shop: Shop) -> None:
    """Its share is not lost, though the route gives it 40 per cent."""
    steps = shop.fleet.rollouts("load-generator")
    unready = {**steps.entered, _GREEN: steps.entered[_GREEN].replace("open-telemetry/demo@", f"{NEVER_READY}@")}
    canary = {**steps.canary, _GREEN: unready[_GREEN]}
    move(shop.api, steps.before, unready)
    until(lambda: shop.pods("load-generator-green"), "the pod is there")
    move(shop.api, unready, canary)
    load = shop.load(100, shop.inside("load-generator"))
    until_answered(load, 500)
    samples = load.stop()
    move(shop.api, canary, steps.before)
    assert Counter((sample.slot, sample.failure) for sample in samples) == {("blue", ""): len(samples)}
    shop.await_end("load-generator-green")


def test_a_new_slot_without_any_pod_turns_its_share_into_failures(shop: Shop) -> None:
    """Why an operation that raises a share asks for ready endpoints first."""
    steps = shop.fleet.rollouts("load-generator")
    empty = {path: text for path, text in steps.canary.items() if path != _GREEN}
    taken = move(shop.api, steps.before, empty)
    load = shop.load(100, shop.inside("load-generator"))
    until_answered(load, 700)
    samples = between(load.stop(), taken)
    move(shop.api, empty, steps.before)
    assert failures(samples).keys() == {"http status 503"}
    assert abs(100 * failures(samples).total() / len(samples) - 40) < 12, "each request is decided for itself"
