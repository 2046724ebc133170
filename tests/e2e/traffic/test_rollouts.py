"""Requests during a rollout: none fails, and each slot gets its share."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from testbed.load import Load, Sample, Target
from testbed.process import until
from testbed.report import Record
from tests.e2e.traffic.fleet import move
from tests.e2e.traffic.shop import Shop, without_drain

_RATE = 520.0
"""Requests a second."""
_SETTLED_SECONDS = 2.0
"""How long after the API server took a route a share counts."""


def _until_answered(load: Load, more: int) -> None:
    """Lets a phase go on until so many more requests have been answered."""
    wanted = load.answered() + more
    until(lambda: load.answered() >= wanted, f"{wanted} requests are answered", seconds=120, pause=0.25)


def _share(samples: Iterable[Sample], slot: str) -> float:
    """Per cent of the requests that this slot answered."""
    slots = Counter(sample.slot for sample in samples)
    return 100 * slots[slot] / slots.total()


def _between(samples: Iterable[Sample], start: float, end: float) -> list[Sample]:
    """Requests that were sent when the route of this phase was settled."""
    return [sample for sample in samples if start + _SETTLED_SECONDS <= sample.due < end]


def _failures(samples: Iterable[Sample]) -> Counter[str]:
    return Counter(f"{sample.kind} {sample.failure}" for sample in samples if sample.failure)


def _percentile(values: Sequence[float], per_cent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * per_cent / 100) - 1)]


def _assert_rate(samples: Sequence[Sample], rate: float) -> None:
    """The load was what it says: sent at that rate, and in time."""
    seconds = max(s.due + s.late for s in samples) - min(s.due + s.late for s in samples)
    assert len(samples) / seconds >= rate
    assert _percentile([s.late for s in samples], 99) < 0.5


def _plot(record: Record, title: str, samples: Sequence[Sample], marks: dict[str, float]) -> None:
    """The share of the new slot and the latencies, second by second."""
    start = samples[0].due
    seconds: dict[int, list[Sample]] = {}
    for sample in samples:
        seconds.setdefault(int(sample.due - start), []).append(sample)
    x = [float(second) for second in seconds]
    moments = {name: moment - start for name, moment in marks.items()}
    shares = [_share(each, "green") for each in seconds.values()]
    record.plot("Traffic", f"{title}: share of the new slot", "%", x, {"green": shares}, moments)
    latencies = [[1000 * sample.latency for sample in each] for each in seconds.values()]
    lines = {f"p{p}": [_percentile(each, p) for each in latencies] for p in (50, 99)}
    record.plot("Traffic", f"{title}: latency", "ms", x, lines, moments)


def _mixed(shop: Shop, http: str, grpc: str) -> list[Target]:
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
    _until_answered(load, 3_000)
    canary = move(shop.api, steps.entered, steps.canary)
    _until_answered(load, 13_500)
    everything = move(shop.api, steps.canary, steps.everything)
    _until_answered(load, 5_000)
    finalized = move(shop.api, steps.everything, steps.finalized)
    _until_answered(load, 2_000)
    closed = move(shop.api, steps.finalized, steps.closed)
    shop.await_end("frontend-proxy-blue", "checkout-blue")
    _until_answered(load, max(1_000, 30_500 - load.answered()))
    samples = load.stop()

    marks = {"40 %": canary, "100 %": everything, "finalized": finalized, "closed": closed}
    _plot(record, "A rollout", samples, marks)
    record.measure("Traffic", "requests in a rollout", len(samples), "requests")
    record.measure("Traffic", "of these failed", _failures(samples).total(), "requests", 0)
    assert _failures(samples) == {}
    assert len(samples) >= 30_000
    _assert_rate(samples, 500)
    assert Counter(s.kind for s in samples).keys() == {"http", "grpc", "websocket"}

    at_40 = _between(samples, canary, everything)
    record.measure("Traffic", "distance from the share of 40 %", abs(_share(at_40, "green") - 40), "points", 2)
    assert _share([s for s in samples if s.due < canary - 1], "green") == 0
    assert abs(_share(at_40, "green") - 40) <= 2
    assert _share(_between(samples, everything, closed), "green") == 100
    assert _share(_between(samples, closed, math.inf), "green") == 100
    for service in ("frontend-proxy", "checkout"):
        mine = [s for s in at_40 if s.service == service]
        # Each request is decided for itself: four standard deviations of that.
        assert abs(_share(mine, "green") - 40) <= 400 * math.sqrt(0.4 * 0.6 / len(mine))


def test_no_request_fails_in_a_rollback_and_none_reaches_the_new_slot_two_seconds_later(
    shop: Shop, record: Record
) -> None:
    steps = shop.fleet.rollouts("frontend", "cart")
    move(shop.api, steps.before, steps.entered)
    shop.await_slot("frontend-green", "cart-green")
    move(shop.api, steps.entered, steps.canary)
    load = shop.load(_RATE, shop.inside("frontend"), shop.inside("cart", "grpc"))
    _until_answered(load, 4_000)
    back = move(shop.api, steps.canary, steps.entered)
    _until_answered(load, 4_000)
    samples = load.stop()

    _plot(record, "A rollback", samples, {"rolled back": back})
    last = max(s.due for s in samples if s.slot == "green")
    record.measure("Traffic", "from the rolled back route to the last canary request", last - back, "s", 2)
    assert _failures(samples) == {}
    _assert_rate(samples, 500)
    assert abs(_share([s for s in samples if s.due < back], "green") - 40) <= 4
    assert Counter(s.slot for s in _between(samples, back, math.inf)).keys() == {"blue"}


def _stop_under_requests(shop: Shop, http: str, grpc: str, drain: bool) -> list[Sample]:
    """200 requests of three seconds and 20 of twelve are in flight when the slot that they are in loses its
    traffic and stops, in three operations without a pause."""
    steps = shop.fleet.rollouts(http, grpc)
    if not drain:
        before = without_drain(without_drain(steps.before, http), grpc)
        entered = without_drain(without_drain(steps.entered, http), grpc)
        move(shop.api, steps.before, before)
        steps = steps._replace(before=before, entered=entered)
    move(shop.api, steps.before, steps.entered)
    shop.await_slot(*(f"{name}-{slot}" for name in (http, grpc) for slot in ("blue", "green")))
    lasting = [[shop.inside(http, wait_seconds=s), shop.inside(grpc, "grpc", s)] for s in (3.0, 12.0)]
    longer = shop.load(100, *lasting[1], limit=20)
    requests = shop.load(400, *lasting[0], limit=200)
    # The load is sent within half a second; each answer takes three.
    until(
        lambda: shop.internal.active_requests((http, grpc)) >= 220,
        "all requests are in flight",
        seconds=2.5,
        pause=0.05,
    )
    for old, new in pairwise((steps.entered, steps.everything, steps.finalized, steps.closed)):
        move(shop.api, old, new)
    samples = requests.wait() + longer.wait()
    shop.await_end(f"{http}-blue", f"{grpc}-blue")
    return samples


def test_requests_in_flight_when_the_old_slot_stops_all_finish(shop: Shop, record: Record) -> None:
    samples = _stop_under_requests(shop, "quote", "currency", drain=True)
    record.measure("Traffic", "requests in flight when the old slot stops", len(samples), "requests")
    record.measure("Traffic", "of these lost", _failures(samples).total(), "requests", 0)
    assert len(samples) == 220
    assert {s.slot for s in samples} == {"blue"}
    assert _failures(samples) == {}


def test_without_the_drain_requests_in_flight_are_lost(shop: Shop, record: Record) -> None:
    """The control of the test above."""
    samples = _stop_under_requests(shop, "email", "payment", drain=False)
    record.measure("Traffic", "requests lost where the drain is taken away", _failures(samples).total(), "requests")
    assert len(samples) == 220
    assert _failures(samples).total() > 0
