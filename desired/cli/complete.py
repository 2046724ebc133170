"""Completion for shells: environments, services and versions of the clone, without a network where possible."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer


def _folder(context: typer.Context) -> Path:
    return Path((context.parent.params if context.parent else {}).get("folder") or ".")


def _names(context: typer.Context, path: str) -> Iterable[str]:
    from ..core.errors import Problem  # noqa: PLC0415
    from ..git import Clone  # noqa: PLC0415

    try:
        git = Clone(_folder(context))
        for branch in ("refs/remotes/origin/main", "refs/heads/main", "HEAD"):
            if commit := git.resolve(branch):
                return git.tree(commit, path)
    except Problem:
        pass
    return ()


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Environments that have releases."""
    return [name for name in _names(context, "releases") if name.startswith(incomplete)]


def services(context: typer.Context, incomplete: str) -> list[str]:
    """Services of `apps/`."""
    files = [name for name in _names(context, "apps") if name.endswith(".py") and not name.startswith("_")]
    names = [name[:-3].replace("_", "-") for name in files]
    return [name for name in names if name.startswith(incomplete)]


def versions(context: typer.Context, incomplete: str) -> list[str]:
    """Services, and after `=` the versions that the registry has."""
    service, equals, beginning = incomplete.partition("=")
    if not equals:
        return [f"{name}=" for name in services(context, incomplete)]
    from ..core.errors import Problem  # noqa: PLC0415
    from ..outside.image_registry import Registry  # noqa: PLC0415
    from .options import GlobalOptions  # noqa: PLC0415
    from .session import open_session  # noqa: PLC0415

    context.obj = GlobalOptions(_folder(context), "", None, "")
    try:
        with open_session(context, follow=False) as session:
            spec = session.publisher.sources.definitions(session.head).specs[service]
        found = Registry(timeout=2.0).versions(spec["image"], beginning=beginning)
    except (Problem, KeyError):
        return []
    return [f"{service}={version}" for version in found]
