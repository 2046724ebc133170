"""Staging: follows `apps/`, so that you can try every merge within the hour."""

from constructs_lib import Cluster, Environment, Pair, Pool, Quota, Resources, Scale

from .shared import EXEMPTIONS, GIT, reference

ENV = Environment(
    name="staging",
    domain="staging.shop.example.com",
    follows_apps=True,
    namespace="shop",
    zones=("a", "b"),
    log_level="debug",
    collector="otel-collector",
    git=GIT,
    sizes={
        "S": Resources(cpu="20m", memory="64Mi"),
        "M": Resources(cpu="50m", memory="256Mi"),
        "L": Resources(cpu="100m", memory="512Mi"),
    },
    scales={"S": Scale.fixed(1), "M": Scale.fixed(1), "L": Scale.between(1, 2)},
    pair=Pair(
        owner="team-platform",
        infrastructure="in-memory",
        kubernetes="v1.36.3",
        control_plane=1,
        apps=(
            Pool(name="general", size="M", min=1, max=3),
            Pool(name="critical", size="M", min=1, max=1, tiers=(1,)),
        ),
        ops=(Pool(name="general", size="S", min=1, max=1),),
    ),
    apps=Cluster(quota=Quota(cpu="24", memory="48Gi", pods=200), gateway_replicas=Scale.fixed(1)),
    ops=Cluster(
        quota=Quota(cpu="2", memory="4Gi", pods=20),
        gateway_replicas=Scale.fixed(1),
        reference=reference(),
    ),
    exemptions=EXEMPTIONS,
)
