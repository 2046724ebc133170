"""Preprod: a smaller copy of prod. A version must be finalized here before it is promoted to prod."""

from constructs_lib import Backups, Cluster, DatabaseClass, Environment, Pair, Pool, Quota, Resources, Scale

from .shared import EXEMPTIONS, GIT, reference

ENV = Environment(
    name="preprod",
    domain="preprod.shop.example.com",
    promoted_from="staging",
    gates=("ready",),
    namespace="shop",
    zones=("a", "b"),
    collector="otel-collector",
    git=GIT,
    sizes={
        "S": Resources(cpu="50m", memory="64Mi"),
        "M": Resources(cpu="100m", memory="256Mi"),
        "L": Resources(cpu="250m", memory="512Mi"),
    },
    scales={"S": Scale.fixed(1), "M": Scale.between(2, 3), "L": Scale.between(2, 4)},
    database=DatabaseClass(instances=2, backups=Backups(to="s3://shop-preprod-backups", retention="7d")),
    pair=Pair(
        owner="team-platform",
        infrastructure="openstack",
        region="RegionOne",
        kubernetes="v1.36.3",
        apps=(
            Pool(name="general", size="M", min=1, max=4),
            Pool(name="critical", size="M", min=1, max=2, tiers=(1,)),
        ),
        ops=(Pool(name="general", size="M", min=1, max=1),),
    ),
    apps=Cluster(quota=Quota(cpu="32", memory="64Gi", pods=300), gateway_replicas=Scale.fixed(2)),
    ops=Cluster(
        quota=Quota(cpu="2", memory="4Gi", pods=20),
        gateway_replicas=Scale.fixed(1),
        reference=reference(),
    ),
    exemptions=EXEMPTIONS,
)
