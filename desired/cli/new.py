"""`desired new`: a fresh platform repository, small enough to be read in a minute."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from constructs_lib.values import sentences
from constructs_lib.values.base import Host, Name

from ..core.errors import Problem
from ..git import failed, run_git
from .output import console

_SERVICE = '''"""The first service; say here what it needs."""

from constructs_lib import Port, Service

SERVICE = Service(
    name="{name}",
    owner="team-{name}",
    image="registry.example.com/{name}",
    ports=(Port.http(8080),),
)
'''

_ENVIRONMENT = '''"""Where and how services run in {name}."""

from constructs_lib import Cluster, Environment, Git, Port, Probe, Quota, Reference, Resources, Scale, Service

ENV = Environment(
    name="{name}",
    domain="{domain}",{more}
    zones=("a", "b"),
    git=Git(url="https://git.example.com/platform/fleet.git"),
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
        # Answers every request, so that the platform can be judged by it. Put the digest of your copy in.
        reference=Reference(
            service=Service(
                name="reference",
                owner="team-platform",
                image="registry.k8s.io/e2e-test-images/agnhost",
                args=("netexec", "--http-port=8080", "--udp-port=-1"),
                ports=(Port.http(8080),),
                readiness=Probe.http("/readyz"),
                liveness=Probe.http("/healthz", period_seconds=20),
            ),
            image="registry.k8s.io/e2e-test-images/agnhost@sha256:{digest}",
        ),
    ),
)
'''

_COMPOSE = '''"""The fleet: where services and environments are, and which components a cluster's platform has."""

from constructs_lib import Component, Environment, Role
from desired.render import Fleet

_NAMES = {{
{components}
}}


def components(environment: Environment, role: Role) -> tuple[Component, ...]:
    """The components of a cluster; `<environment>-ops` has the same ones, smaller.

    A new one is a construct and a line in `_NAMES`.
    """
    return tuple(Component(name=name, made_by=f"constructs_lib.platform.{{made}}") for name, made in _NAMES.items())


FLEET = Fleet(services="apps", environments="envs", components=components)
'''

_COMPONENTS = {
    "namespaces": "namespaces:Namespaces",
    "priorities": "priorities:Priorities",
    "limits": "limits:Limits",
    "closed": "closed:ClosedByDefault",
    "gateways": "gateways:Gateways",
    "secrets": "secrets:SecretStores",
    "operators": "operators:Operators",
    "monitoring": "monitoring:Monitoring",
    "gitops": "gitops:GitOps",
}

_RENDER = '''"""The renderer as a child process: `python -m envs.render`."""

from desired.render import serve

from .compose import FLEET

if __name__ == "__main__":
    serve(FLEET)
'''

_MAIN = '''"""What `cdk8s synth` runs: writes `manifests/` for every environment. `--help` lists what else it does."""

import sys

from desired.cli.work_tree import main

from .compose import FLEET

sys.exit(main(FLEET))
'''

_README = """# The fleet

What a service is, stands in `apps/`; where it runs, in `envs/`; which versions run, in `releases/`, which only
`desired` writes.

```sh
cdk8s synth        # writes manifests/
desired publish    # the first time: makes the branch live, which clusters pull
desired deploy {service} --image registry.example.com/{service}@sha256:… -e {environment}
desired status
```
"""


def make(folder: Path, service: str, environments: Sequence[str], domain: str) -> None:
    """Writes the repository and its first commit. Raises Problem, and then leaves nothing."""
    _check(folder, service, environments, domain)
    files = _files(service, environments, domain)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    done = run_git("init", "-q", "-b", "main", str(folder))
    if done.returncode:
        raise failed(f"make a Git repository in {folder}", done)
    out = console()
    out.print(f"✓ {folder} has {service} and {', '.join(environments)}, {len(files)} files")
    out.print(f"  next: cd {folder}; cdk8s synth; git add -A; git commit -m 'The fleet'; desired publish")


def _check(folder: Path, service: str, environments: Sequence[str], domain: str) -> None:
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise Problem(f"{folder} is there already and not empty; name another folder")
    if len(set(environments)) != len(environments):
        raise Problem(f"environments must differ from each other, got {', '.join(environments)}")
    for what, value, form in (
        ("--service", service, Name),
        ("--domain", domain, Host),
        *(("-e", name, Name) for name in environments),
    ):
        try:
            TypeAdapter(form).validate_python(value)
        except ValidationError as error:
            raise Problem(*sentences(what, error)) from None


def _files(service: str, environments: Sequence[str], domain: str) -> dict[str, str]:
    components = "\n".join(f'    "{name}": "{made}",' for name, made in _COMPONENTS.items())
    files = {
        "apps/__init__.py": '"""The services: one module each, whose `SERVICE` says all about it."""\n',
        f"apps/{service.replace('-', '_')}.py": _SERVICE.format(name=service),
        "envs/__init__.py": '"""The environments, one value each."""\n',
        "envs/compose.py": _COMPOSE.format(components=components),
        "envs/render.py": _RENDER,
        "envs/__main__.py": _MAIN,
        "cdk8s.yaml": "language: python\napp: python -m envs\noutput: .scratch\n",
        ".gitignore": "/.scratch/\n__pycache__/\n",
        "README.md": _README.format(service=service, environment=environments[0]),
    }
    for number, name in enumerate(environments):
        more = f'\n    promoted_from="{environments[number - 1]}",' if number else "\n    follows_apps=True,"
        text = _ENVIRONMENT.format(name=name, domain=f"{name}.{domain}", more=more, digest="0" * 63 + "1")
        files[f"envs/{name.replace('-', '_')}.py"] = text
    return files
