"""The files of a new repository, with places for names."""

from __future__ import annotations

SERVICE = '''"""The first service. Write down here what it needs."""

from constructs_lib import Port, Service

SERVICE = Service(
    name="{service}",
    owner="team-platform",
    image="registry.example.com/{service}",
    ports=(Port.http(8080),),
)
'''

ENVIRONMENT = '''"""Where and how services run in {name}."""

from constructs_lib import Cluster, Environment, Quota, Resources, Scale

from .shared import GIT, reference

ENV = Environment(
    name="{name}",
    domain="{name}.{domain}",
    {enters},
    zones=("a", "b"),
    git=GIT,
    sizes={{
        "S": Resources(cpu="50m", memory="64Mi"),
        "M": Resources(cpu="100m", memory="256Mi"),
        "L": Resources(cpu="250m", memory="512Mi"),
    }},
    scales={{"S": Scale.fixed(1), "M": Scale.between(2, 3), "L": Scale.between(2, 4)}},
    apps=Cluster(quota=Quota(cpu="16", memory="32Gi", pods=200), gateway_replicas=Scale.fixed(2)),
    ops=Cluster(
        quota=Quota(cpu="2", memory="4Gi", pods=20),
        gateway_replicas=Scale.fixed(1),
        reference=reference(),
    ),
)
'''

SHARED = '''"""What the environments have in common. Each one names what it takes from here."""

from constructs_lib import Git, Port, Probe, Reference, Service

# The repository that the clusters pull. Replace it by the address of yours.
GIT = Git(url="https://git.example.com/platform/fleet.git")

# A placeholder: replace the digest by that of your copy, as `crane digest` prints it.
_REFERENCE_IMAGE = "registry.k8s.io/e2e-test-images/agnhost@sha256:" + "0" * 63 + "1"


def reference() -> Reference:
    """The service of the ops clusters. It answers every request, so that you can tell whether the platform works."""
    service = Service(
        name="reference",
        owner="team-platform",
        image="registry.k8s.io/e2e-test-images/agnhost",
        args=("netexec", "--http-port=8080", "--udp-port=-1"),
        ports=(Port.http(8080),),
        readiness=Probe.http("/readyz"),
        liveness=Probe.http("/healthz", period_seconds=20),
    )
    return Reference(service=service, image=_REFERENCE_IMAGE)
'''

COMPOSE = '''"""The fleet: where services and environments are, and which components the platform of a cluster has."""

from constructs_lib import Component, Environment, Role
from desired.render import Fleet

_LIBRARY = "constructs_lib.platform"


def components(environment: Environment, role: Role) -> tuple[Component, ...]:
    """The components of a cluster. A new one is a construct and a line here."""
    return (
        Component(name="namespaces", made_by=f"{_LIBRARY}.namespaces:Namespaces"),
        Component(name="priorities", made_by=f"{_LIBRARY}.priorities:Priorities"),
        Component(name="limits", made_by=f"{_LIBRARY}.limits:Limits"),
        Component(name="closed", made_by=f"{_LIBRARY}.closed:ClosedByDefault"),
        Component(name="gateways", made_by=f"{_LIBRARY}.gateways:Gateways"),
        Component(name="secrets", made_by=f"{_LIBRARY}.secrets:SecretStores"),
        Component(name="operators", made_by=f"{_LIBRARY}.operators:Operators"),
        Component(name="monitoring", made_by=f"{_LIBRARY}.monitoring:Monitoring"),
        Component(name="gitops", made_by=f"{_LIBRARY}.gitops:GitOps"),
    )


FLEET = Fleet(services="apps", environments="envs", components=components)
'''

RENDER = '''"""The renderer as a child process: `python -m envs.render`. Commands start it; you do not have to."""

from desired.render import serve

if __name__ == "__main__":
    serve("envs.compose")
'''

MAIN = '''"""What `cdk8s synth` runs: writes `manifests/` for every environment. See `python -m envs --help`."""

import sys

from desired.cli.work_tree import main

sys.exit(main("envs.compose"))
'''

README = """# The fleet

The platform repository of our services, made with Desired.

| folder | what it holds |
| --- | --- |
| `apps/` | the services, one file each |
| `envs/` | the environments, one file each: {environments} |
| `releases/` | which version of a service runs where. Only `desired` writes it |
| `manifests/` | the Kubernetes manifests. Only `cdk8s synth` and `desired` write them |

## First steps

```sh
cdk8s synth                     # writes manifests/
git add -A && git commit -m "The fleet"
desired publish                 # once: creates the branch live, which clusters pull
desired deploy {service} -e {first} --image registry.example.com/{service}@sha256:…
desired status
```

After a change to `apps/` or `envs/`, run `cdk8s synth` and commit. CI runs `desired publish` for each commit of `main`.
"""

CDK8S = "language: python\napp: python -m desired.cli.work_tree\noutput: .scratch\n"
IGNORED = "/.scratch/\n__pycache__/\n"
APPS = '"""The services: one module each, whose `SERVICE` describes it."""\n'
ENVS = '"""The environments: one module each, whose `ENV` describes it."""\n'
