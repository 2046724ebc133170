"""What samples of a load say."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from testbed.load import Load, Sample
from testbed.process import until
from testbed.report import Record

SETTLED_SECONDS = 2.0
"""How long after the API server took a route a share counts."""


def until_answered(load: Load, more: int) -> None:
    """Lets a phase go on until so many more requests have been answered."""
    wanted = load.answered() + more
    until(lambda: load.answered() >= wanted, f"{wanted} requests are answered", seconds=120, pause=0.25)


def share(samples: Iterable[Sample], slot: str) -> float:
    """Per cent of the requests that this slot answered."""
    slots = Counter(sample.slot for sample in samples)
    return 100 * slots[slot] / slots.total()


def between(samples: Iterable[Sample], start: float, end: float = math.inf) -> list[Sample]:
    """Requests that were due when a route that was taken at `start` was settled, until `end` (Unix times)."""
    return [sample for sample in samples if start + SETTLED_SECONDS <= sample.due < end]


def failures(samples: Iterable[Sample]) -> Counter[str]:
    """What went wrong, and how often."""
    return Counter(f"{sample.kind} {sample.failure}" for sample in samples if sample.failure)


def percentile(values: Sequence[float], per_cent: float) -> float:
    """The smallest value that so many per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]


def assert_rate(samples: Sequence[Sample], rate: float) -> None:
    """The load was what it says: sent at that rate, and in time."""
    sent = [sample.due + sample.late for sample in samples]
    assert len(samples) / (max(sent) - min(sent)) >= rate
    assert percentile([sample.late for sample in samples], 99) < 0.5


def plot(record: Record, title: str, samples: Sequence[Sample], marks: dict[str, float]) -> None:
    """The share of the new slot and the latencies, second by second. `marks` are Unix times."""
    start = samples[0].due
    seconds: dict[int, list[Sample]] = {}
    for sample in samples:
        seconds.setdefault(int(sample.due - start), []).append(sample)
    x = [float(second) for second in seconds]
    moments = {name: moment - start for name, moment in marks.items()}
    shares = [share(each, "green") for each in seconds.values()]
    record.plot("Traffic", f"{title}: share of the new slot", "%", x, {"green": shares}, moments)
    latencies = [[1000 * sample.latency for sample in each] for each in seconds.values()]
    lines = {f"p{per_cent}": [percentile(each, per_cent) for each in latencies] for per_cent in (50, 99)}
    record.plot("Traffic", f"{title}: latency", "ms", x, lines, moments)
