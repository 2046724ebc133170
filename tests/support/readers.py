"""The YAML readers that ours and others' programs use, of both versions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import ruamel.yaml
import yaml


def _of_libyaml(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _of_pyyaml(text: str) -> Any:
    return yaml.load(text, Loader=yaml.SafeLoader)


def _of_ruamel(text: str) -> Any:
    return ruamel.yaml.YAML(typ="safe", pure=True).load(io.StringIO(text))


READERS: dict[str, Callable[[str], Any]] = {
    "libyaml (1.1)": _of_libyaml,
    "PyYAML (1.1)": _of_pyyaml,
    "ruamel.yaml (1.2)": _of_ruamel,
}
