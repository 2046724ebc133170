"""Checks the names that a person gave, then writes the repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from constructs_lib.values.base import Host, Name, shown, twice

from ...core.errors import Problem
from ...git import failed, run_git
from ...wording import listed
from ..output import console
from . import templates

_HELPERS = {
    "compose": templates.COMPOSE,
    "render": templates.RENDER,
    "shared": templates.SHARED,
}
"""Modules of `envs/` that are no environments."""


def make(folder: Path, service: str, environments: Sequence[str], domain: str) -> None:
    """Writes the files and makes a Git repository of them. Raises Problem, and then leaves nothing."""
    problems = list(_problems(folder, service, environments, domain))
    if problems:
        raise Problem(*problems)
    found = files(service, environments, domain)
    for path, text in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    done = run_git("init", "-q", "-b", "main", str(folder))
    if done.returncode:
        raise failed(f"make a Git repository in {folder}", done)
    out = console()
    out.print(f"✓ Created {folder}: the service {service} in {listed(environments)}, {len(found)} files")
    out.print(f"  Next: cd {folder} && cdk8s synth && git add -A && git commit -m 'The fleet' && desired publish")


def _problems(folder: Path, service: str, environments: Sequence[str], domain: str) -> Iterator[str]:
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        yield f"FOLDER must be new or empty, got {folder}. Name another folder"
    yield from _wrong_name("--service", service)
    for name in environments:
        yield from _wrong_name("--environment", name)
        if name in _HELPERS:
            yield f"--environment must not be {name!r}: envs/{name}.py holds something else. Take another name"
    if again := twice(environments):
        yield f"--environment must differ each time, got {again!r} twice"
    wrong = list(_wrong_form("--domain", domain, TypeAdapter(Host)))
    yield from wrong
    longest = max(environments, key=len)
    if not wrong and len(f"{longest}.{domain}") > _LONGEST_DOMAIN:
        yield f"--domain must leave room for {longest!r} before it, got {len(domain)} characters. Name a shorter one"


_LONGEST_NAME = 40
"""Names of objects and clusters begin with it, and have 63 characters at most."""
_LONGEST_DOMAIN = 253 - 64
"""A service's host name, of up to 63 characters and a dot, stands before it. Source: RFC 1035, section 2.3.4."""


def _wrong_name(option: str, name: str) -> Iterator[str]:
    yield from _wrong_form(option, name, TypeAdapter(Name))
    if len(name) > _LONGEST_NAME:
        yield f"{option} must have at most {_LONGEST_NAME} characters, as suffixes are added to it, got {len(name)}"


def _wrong_form(option: str, value: str, form: TypeAdapter[str]) -> Iterator[str]:
    try:
        form.validate_python(value)
    except ValidationError as error:
        yield from (f"{option} {each['msg']}, got {shown(value)}" for each in error.errors(include_url=False))


def files(service: str, environments: Sequence[str], domain: str) -> dict[str, str]:
    """The files of the repository: paths and texts."""
    readme = templates.README.format(service=service, first=environments[0], environments=listed(environments))
    found = {
        "apps/__init__.py": templates.APPS,
        f"apps/{_module(service)}.py": templates.SERVICE.format(service=service),
        "envs/__init__.py": templates.ENVS,
        "envs/__main__.py": templates.MAIN,
        "cdk8s.yaml": templates.CDK8S,
        ".gitignore": templates.IGNORED,
        "README.md": readme,
    }
    found |= {f"envs/{name}.py": text for name, text in _HELPERS.items()}
    for name, source in zip(environments, (None, *environments), strict=False):
        enters = f'promoted_from="{source}"' if source else "follows_apps=True"
        found[f"envs/{_module(name)}.py"] = templates.ENVIRONMENT.format(name=name, domain=domain, enters=enters)
    return found


def _module(name: str) -> str:
    return name.replace("-", "_")
