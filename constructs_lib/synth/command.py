"""The command that `cdk8s synth` runs: synthesizes, and says in sentences what happened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..values import Problem
from . import yaml
from .clusters import ClusterWork
from .engine import Synth
from .progress import say
from .renderer import Components
from .repository import read
from .store import cache_folder


def synthesize(root: Path, components: Components, scratch: Path) -> int:
    """Bring `manifests/` to what the repository says. Returns the exit code; says what happened in sentences."""
    try:
        with Synth(read(root, components)) as synth:
            works = synth.clusters()
            changed = synth.write(works, root / "manifests", scratch / "exchange")
            _report(works, changed, scratch)
            _summarize(works, changed, synth.rendered)
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        say(f"{len(problem.sentences)} to mend; manifests/ is as it was.")
        return 1
    except sqlite3.DatabaseError as error:
        say(f"✗ the cache in {cache_folder()} is damaged ({error}); delete it, or run with DESIRED_CACHE=off")
        return 1
    except OSError as error:
        say(f"✗ {error.filename or 'a file'}: {error.strerror}; mend that and run again, every folder is whole")
        return 1
    except KeyboardInterrupt:
        say("Stopped. Every folder of manifests/ is whole; run it again to finish.")
        return 130
    return 0


def _summarize(works: list[ClusterWork], changed: list[str], rendered: int) -> None:
    for work in works:
        count = sum(path.startswith(f"{work.name}/") for path in changed)
        services = len({piece.folder for piece in work.pieces if piece.unit.endswith("/front")})
        code = f", rendered by {work.code.name}" if work.pinned else ""
        say(f"  {work.name:<16} {services:>4} services {len(work.expected):>6} files {count:>6} changed{code}")
    say(f"{len(changed)} files changed, {rendered} units rendered." if changed else "Nothing changed.")


def _report(works: list[ClusterWork], changed: list[str], scratch: Path) -> None:
    """What `cdk8s synth` finds in its output folder: the list of what changed in `manifests/`."""
    scratch.mkdir(parents=True, exist_ok=True)
    by_cluster = {work.name: [path for path in changed if path.startswith(f"{work.name}/")] for work in works}
    (scratch / "changed.yaml").write_text(yaml.dump(by_cluster), encoding="utf-8")


def scratch_folder(root: Path) -> Path:
    """Where work in progress lies: the folder that `cdk8s synth` names, or `.scratch`."""
    return Path(os.environ.get("CDK8S_OUTDIR") or root / ".scratch")
