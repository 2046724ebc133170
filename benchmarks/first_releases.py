"""Writes the first releases of a generated repository, as first deploys would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# A separate process reads `apps/` and `envs/` of the repository with the library of this one.
_SCRIPT = """
import json, sys
from pathlib import Path
from constructs_lib import Release, Version
from desired.render import yaml
from desired.render.fleet import load_environments, load_services

environment, images, ref = load_environments("envs")[sys.argv[1]], json.loads(sys.argv[2]), sys.argv[3]
services, folder = load_services("apps"), Path("releases", environment.name)
folder.mkdir(parents=True, exist_ok=True)
for name, image in images.items():
    spec = None if environment.follows_apps else services[name]
    version = Version(image=image, ref=ref, since="2026-11-01T00:00:00Z", spec=spec)
    release = Release(schema=1, stable="blue", slots={"blue": version})
    (folder / f"{name}.yaml").write_text(yaml.dump(release.as_file()), encoding="utf-8")
"""


def write(root: Path, environment: str, images: Mapping[str, str], variables: Mapping[str, str], ref: str = "") -> None:
    """Write a release for each service and its image. The process environment `variables` selects the library."""
    words = [sys.executable, "-c", _SCRIPT, environment, json.dumps(dict(images)), ref]
    done = subprocess.run(words, cwd=root, env=dict(variables), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"cannot write releases of {environment}: {done.stderr}")
