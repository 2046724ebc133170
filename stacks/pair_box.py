"""One environment in the picture: its ops and its apps cluster, their nodes and databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constructs_lib import DatabaseClass, Pool

from .capacity import Capacity, span
from .side import Side
from .svg import Picture, wide

GUTTER, WIDTH = 64, 404
"""Where the flows run on both sides of the clusters, and the width of an environment with them."""
BUS = 20
"""How far inside an environment's border its flows run down and up."""
_CLUSTER = WIDTH - 2 * GUTTER
_PAD, _HEAD, _NAME, _LINE, _BETWEEN, _FOOT = 12, 70, 32, 20, 22, 16
_INNER = _CLUSTER - 2 * _PAD
_CHIP, _CHIP_GAP = 20, 4
_STORE = 58
_HOW = {"ops": "merge", "apps": "tag"}


class Cluster(NamedTuple):
    """One cluster of a pair, and what it needs."""

    side: Side
    capacity: Capacity


def height(pair: Sequence[Cluster]) -> int:
    """The height of an environment."""
    return _HEAD + sum(_box(each) + _below(each) for each in pair) + _BETWEEN * (len(pair) - 1) + _FOOT


def draw(picture: Picture, pair: Sequence[Cluster], x: float, y: float, bottom: float, reach: float) -> None:
    """An environment between `y` and `bottom`; its flows come in `reach` above and below it."""
    picture.box(x, y, WIDTH, bottom - y, "outer")
    _head(picture, pair[0], x + GUTTER, y)
    at, middles = y + _HEAD, []
    for cluster in pair:
        _cluster(picture, cluster, x + GUTTER, at)
        middles.append(at + _box(cluster) / 2)
        at += _box(cluster) + _below(cluster) + _BETWEEN
    made, pulled = x + BUS, x + WIDTH - BUS
    picture.line([(made, y - reach), (made, middles[-1])], "make")
    picture.line([(pulled, bottom + reach), (pulled, middles[0])], "pull")
    for cluster, middle in zip(pair, middles, strict=True):
        picture.arrow([(made, middle), (x + GUTTER, middle)], "make")
        picture.words(made + 4, middle - 6, _HOW[cluster.side.role], "make-words")
        picture.arrow([(pulled, middle), (x + WIDTH - GUTTER, middle)], "pull")
        picture.words(pulled - 5, middle - 6, "Flux", "pull-words", anchor="end")


def _head(picture: Picture, cluster: Cluster, x: float, y: float) -> None:
    environment, pair = cluster.side.environment, cluster.side.pair
    picture.words(x, y + 24, environment.name, "name", _CLUSTER - 24)
    if pair.protected:
        picture.lock(x + _CLUSTER - 14, y + 11, f"{environment.name} is protected")
    picture.words(x, y + 43, ", ".join(filter(None, (cluster.side.infrastructure.name, pair.region))), "", _CLUSTER)
    source = f"promoted from {environment.promoted_from}" if environment.promoted_from else "where versions enter first"
    picture.words(x, y + 60, f"{pair.owner}, {source}", "muted", _CLUSTER)


def _cluster(picture: Picture, cluster: Cluster, x: float, y: float) -> None:
    picture.box(x, y, _CLUSTER, _box(cluster), "inner")
    left, at = x + _PAD, y + 22
    picture.words(left, at, cluster.side.name, "name", _INNER - 122)
    picture.words(x + _CLUSTER - _PAD, at, f"Kubernetes {cluster.side.pair.kubernetes}", "small", 120, "end")
    at = y + _NAME + 14
    machine = cluster.side.infrastructure.words.machines["M"].type
    picture.words(left, at, f"control plane: {cluster.side.pair.control_plane} × {machine}", "small", _INNER)
    at += 6
    for pool in cluster.side.pools:
        at = _pool(picture, cluster, pool, left, at)
    _capacity(picture, cluster.capacity, left, at + 14)
    _database(picture, cluster, x, at + _LINE + 6, y + _box(cluster))


def _pool(picture: Picture, cluster: Cluster, pool: Pool, x: float, y: float) -> float:
    """The nodes of one pool in each zone; where the next line begins."""
    tiers = f", for tier {' and '.join(map(str, pool.tiers))}" if pool.tiers else ""
    machine = cluster.side.infrastructure.words.machines[pool.size].type
    picture.words(x, y + 15, f"{pool.name}: {machine}{tiers}", "small", _INNER)
    chip, columns = _chips(cluster)
    for at, zone in enumerate(cluster.side.environment.zones):
        left, top = x + at % columns * (chip + _CHIP_GAP), y + _LINE + at // columns * (_CHIP + _CHIP_GAP)
        picture.box(left, top, chip, _CHIP, "chip", 4)
        picture.words(left + chip / 2, top + 14, _in_zone(zone, pool), "small", chip - 4, "middle")
    return y + _pool_height(cluster)


def _in_zone(zone: str, pool: Pool) -> str:
    return f"{zone}: {span(pool.min, pool.max)}"


def _chips(cluster: Cluster) -> tuple[float, int]:
    """The width of the chips of all pools, and how many stand side by side."""
    texts = [_in_zone(zone, pool) for zone in cluster.side.environment.zones for pool in cluster.side.pools]
    width = min(_INNER, max(60, *(wide(text, "small") + 12 for text in texts)))
    return width, max(1, int((_INNER + _CHIP_GAP) // (width + _CHIP_GAP)))


def _pool_height(cluster: Cluster) -> int:
    rows = -(-len(cluster.side.environment.zones) // _chips(cluster)[1])
    return _LINE + rows * (_CHIP + _CHIP_GAP)


def _capacity(picture: Picture, found: Capacity, x: float, y: float) -> None:
    needed, style = f"needs about {span(found.least.nodes, found.peak.nodes)}", "wrong" if found.lacking else "muted"
    picture.words(x, y, f"{needed} of its {span(*found.nodes)} nodes", style, _INNER)


def _database(picture: Picture, cluster: Cluster, x: float, y: float, bottom: float) -> None:
    database = cluster.side.environment.database
    picture.drum(x + _PAD, y, 20, 24)
    left, width = x + _PAD + 30, _INNER - 30
    count = f"{database.instances} instance{'s' if database.instances > 1 else ''}"
    picture.words(left, y + 10, f"PostgreSQL: {count} of {database.storage}", "small", width)
    picture.words(left, y + 24, _around(database), "muted", width)
    if database.backups:
        picture.arrow([(x + _PAD + 10, y + 25), (x + _PAD + 10, bottom + 28)], "keep")
        picture.words(x + _PAD + 20, bottom + 18, f"backups, kept {database.backups.retention}", "keep-words")
        picture.box(x, bottom + 28, _CLUSTER, _STORE - 28, "store", 14)
        picture.words(x + _PAD, bottom + 47, f"{database.backups.to}/{cluster.side.name}", "small", _INNER)


def _around(database: DatabaseClass) -> str:
    pooler = database.pooler
    return ", ".join(
        (
            f"PgBouncer × {pooler.instances}" if pooler else "no pooler",
            "log archived" if database.backups else "no backups",
        )
    )


def _box(cluster: Cluster) -> int:
    """The height of a cluster's box."""
    return _NAME + _LINE + len(cluster.side.pools) * _pool_height(cluster) + _LINE + 40


def _below(cluster: Cluster) -> int:
    """The height of the object store below it."""
    return _STORE if cluster.side.environment.database.backups else 0
