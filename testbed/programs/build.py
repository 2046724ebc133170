"""Builds each program once from its pinned Go modules, into a cache outside the repository."""

import os
from pathlib import Path

from .go import ToolMissing, go, run
from .modules import Module, flags, key, label, module_of, pin
from .progress import Line, say
from .store import making, store

__all__ = ["ToolMissing", "build", "folder", "missing", "program"]

_ENVTEST = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")


def program(name: str) -> Path:
    """The path of the program's binary, built on first use.

    `KUBEBUILDER_ASSETS`, as for envtest, names a folder whose binaries of the control plane are used instead.
    Raises `ToolMissing` when it cannot be built, `ValueError` for an unknown name.
    """
    module = module_of(name)
    given = _given(name)
    if given is not None:
        return given
    build(module)
    return folder(module) / name


def missing(module: Module) -> bool:
    """Whether a program of the module has to be built before it can be used."""
    return any(_given(name) is None for name in module.programs) and not folder(module).exists()


def folder(module: Module) -> Path:
    """The folder of the module's binaries, once they are built."""
    return store() / "tools" / key(module)


def build(module: Module, step: str = "") -> None:
    """Builds all programs of the module if they are not in the cache. `step` begins the line of progress."""
    target = folder(module)
    if target.exists():
        return
    command = go(pin(module.folder).go, f"building {label(module)}")
    with making(target) as part:
        if part is not None:
            _build(command, module, part, step)


def _build(command: str, module: Module, part: Path, step: str) -> None:
    work = part / ".work"  # if `go` is killed, its files are removed with the folder
    work.mkdir()
    with Line(f"{step}building {label(module)}") as line:
        # One by one: with a folder for all of them, `go` chooses the names, and two packages may want the same.
        for name, package in module.programs.items():
            arguments = [command, "build", *flags(module), "-o", str(part / name), package]
            code, _, errors = run(arguments, module.folder, {"GOTMPDIR": str(work)}, line.alive)
            if code != 0:
                say(errors)
                raise ToolMissing(f"Cannot build {label(module)}: go exited with {code}: {_reason(errors)}")
    work.rmdir()


def _given(name: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    path = Path(assets).expanduser().absolute() / name if assets and name in _ENVTEST else None
    return path if path is not None and path.is_file() else None


def _reason(errors: str) -> str:
    """The first line of what `go` said that is neither about its progress nor a heading."""
    lines = (line for line in errors.splitlines() if line and not line.startswith(("go: downloading ", "# ")))
    return next(lines, "no message")
