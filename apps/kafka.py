"""Kafka: the queue of orders."""

from constructs_lib import Claim, Port, Resources, Scale, Service, Volume

SERVICE = Service(
    name="kafka",
    owner="team-platform",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.tcp(9092),),
    description="Carries orders from checkout to accounting and fraud detection",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/kafka",
    env={
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092",
        # This pod is the only voter. Its Service would not reach it before it is ready, so it connects to itself.
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        # Use a folder in the volume: Kafka refuses the lost+found folder of the file system.
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data/topics",
        "KAFKA_HEAP_OPTS": "-Xmx400m -Xms400m",
        # The image starts a Java agent from /tmp, which is an empty volume here.
        "KAFKA_OPTS": "",
    },
    volumes=(Volume.scratch("/opt/kafka/config", "16Mi"), Volume.scratch("/opt/kafka/logs", "256Mi")),
    size=Resources(cpu="250m", memory="700Mi"),
    scale=Scale.fixed(1),
    telemetry=False,
    claims=(Claim(name="data", path="/var/lib/kafka/data", size="10Gi"),),
)
