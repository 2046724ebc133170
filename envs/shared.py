"""Values that our environments share. Each environment uses them explicitly; nothing is inherited."""

from constructs_lib import Exemption, Git, Port, Probe, Reference, Service

GIT = Git(url="https://git.shop.example.com/platform/fleet.git", interval_seconds=30, signers="fleet-signers")

# A placeholder digest. Replace it by the output of `crane digest <image>`.
_REFERENCE_IMAGE = "registry.k8s.io/e2e-test-images/agnhost@sha256:" + "0" * 63 + "1"


def reference() -> Reference:
    """Return the service of the ops clusters. It answers every request, which shows whether the platform works."""
    service = Service(
        name="reference",
        owner="team-platform",
        image="registry.k8s.io/e2e-test-images/agnhost",
        description="Answers with its own name; requests to it judge the platform of its cluster.",
        args=("netexec", "--http-port=8080", "--udp-port=-1"),
        ports=(Port.http(8080),),
        readiness=Probe.http("/readyz"),
        liveness=Probe.http("/healthz", period_seconds=20),
    )
    return Reference(service=service, image=_REFERENCE_IMAGE)


EXEMPTIONS: tuple[Exemption, ...] = ()
