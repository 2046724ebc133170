"""Prod: the environment of the customers."""

from constructs_lib import (
    Backups,
    Cluster,
    DatabaseClass,
    Environment,
    Override,
    Pair,
    Pool,
    Pooler,
    Quota,
    Resources,
    Scale,
)

from .shared import EXEMPTIONS, GIT, reference

ENV = Environment(
    name="prod",
    domain="shop.example.com",
    promoted_from="preprod",
    gates=("ready", "tested", "confirm", "four-eyes"),
    namespace="shop",
    zones=("a", "b", "c"),
    log_level="warn",
    collector="otel-collector",
    git=GIT,
    sizes={
        "S": Resources(cpu="100m", memory="128Mi"),
        "M": Resources(cpu="250m", memory="512Mi"),
        "L": Resources(cpu="500m", memory="1Gi"),
    },
    scales={"S": Scale.fixed(2), "M": Scale.between(3, 6), "L": Scale.between(3, 12)},
    database=DatabaseClass(
        instances=3,
        storage="100Gi",
        resources=Resources(cpu="1", memory="4Gi"),
        backups=Backups(to="s3://shop-prod-backups"),
        pooler=Pooler(instances=2),
    ),
    pair=Pair(
        owner="team-platform",
        infrastructure="aws",
        region="eu-central-1",
        kubernetes="v1.36.3",
        apps=(
            Pool(name="general", size="L", min=2, max=8),
            Pool(name="critical", size="L", min=1, max=4, tiers=(1,)),
        ),
        ops=(Pool(name="general", size="M", min=1, max=2),),
        protected=True,
    ),
    apps=Cluster(quota=Quota(cpu="96", memory="192Gi", pods=800), gateway_replicas=Scale.between(3, 9)),
    ops=Cluster(
        quota=Quota(cpu="4", memory="8Gi", pods=40),
        gateway_replicas=Scale.fixed(2),
        reference=reference(),
    ),
    overrides={
        "frontend": Override(
            reason="Every visit passes here; sales days ask for twice the pods.",
            scale=Scale.between(4, 24),
        ),
    },
    exemptions=EXEMPTIONS,
)
