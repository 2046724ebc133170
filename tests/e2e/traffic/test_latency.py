"""What a gateway adds to latency."""

from testbed.load import LoadTarget, Sample
from testbed.report import Record
from tests.e2e.traffic.measured import percentile
from tests.e2e.traffic.shop import Shop

_RATE, _REQUESTS = 150, 800


def _direct(shop: Shop, service: str, kind: str) -> LoadTarget:
    """A pod of the service, past the gateway."""
    pod = shop.api.list("v1", "Pod", "shop", f"app.kubernetes.io/name={service}")[0]
    port = pod["spec"]["containers"][0]["ports"][0]["containerPort"]
    return LoadTarget(kind, f"http://{pod['status']['podIP']}:{port}", f"{service}.shop:8080")


def test_what_the_gateway_adds_to_latency_is_measured(shop: Shop, record: Record) -> None:
    """Each second request goes past it, so that both ways have the same neighbours."""
    for kind, service in (("http", "llm"), ("grpc", "ad")):
        direct, through = _direct(shop, service, kind), shop.inside(service, kind)
        samples = shop.load(_RATE, direct, through, limit=_REQUESTS).wait()
        assert [s for s in samples if s.failure] == []
        ways: dict[str, list[Sample]] = {"past the gateway": samples[::2], "through the gateway": samples[1::2]}
        for way, requests in ways.items():
            # From when it was sent: how late the load was says nothing about the gateway.
            latencies = [1000 * (s.latency - s.late) for s in requests]
            for per_cent in (50, 99):
                record.measure("Traffic", f"{kind} {way}, p{per_cent}", percentile(latencies, per_cent), "ms")
