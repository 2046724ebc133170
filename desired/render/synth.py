"""What `cdk8s synth` runs: brings `manifests/` to what the work tree says, and reports it in sentences."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.values import Problem
from constructs_lib.values.data import digest

from ..progress import say
from ..wording import counted
from . import yaml
from .cache import cache_folder, open_cache
from .files import exchange
from .fingerprint import require_own_modules
from .fleet import Fleet
from .inputs import Target
from .manifests import MANIFESTS, ClusterManifests
from .pipeline import Pipeline
from .pool import RendererPool
from .source import HEAD, Code
from .work_tree import WorkTree


@dataclass(frozen=True)
class Synthesized:
    """The manifests of all clusters of a work tree."""

    targets: list[Target]
    manifests: dict[str, ClusterManifests]
    """By cluster."""
    rendered: int
    """How many units were rendered for it."""

    def digests(self) -> dict[str, str]:
        """Paths below `manifests/`, and the digests of their files."""
        found: dict[str, str] = {}
        for cluster, manifests in self.manifests.items():
            found |= {f"{cluster}/{path}": sum_ for path, sum_ in manifests.digests.items()}
            found |= {f"{cluster}/{path}": digest(text) for path, text in manifests.all_lists.items()}
        return found

    def texts(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The texts of paths below `manifests/`."""
        by_cluster: dict[str, list[str]] = {}
        for path in paths:
            cluster, _, rest = path.partition("/")
            by_cluster.setdefault(cluster, []).append(rest)
        found: dict[str, str] = {}
        for cluster, wanted in by_cluster.items():
            lists = self.manifests[cluster].all_lists
            plain = self.manifests[cluster].texts(path for path in wanted if path not in lists)
            found |= {f"{cluster}/{path}": lists[path] if path in lists else plain[path] for path in wanted}
        return found


@contextmanager
def synthesized(fleet: Fleet, root: Path) -> Iterator[Synthesized]:
    """All clusters of the work tree, rendered where needed and checked. Raises Problem with all that is wrong."""
    pool, cache = RendererPool(), open_cache()
    try:
        if cache.is_empty():  # certainly everything is to be rendered
            pool.start(Code(root))
        tree = WorkTree(fleet, root)
        tree.check()
        require_own_modules(root)
        pipeline = Pipeline(pool, cache, tree.renderer)
        targets = tree.targets(pool, cache)
        # The trial clusters are rendered and checked only.
        made = pipeline.manifests([*targets, *tree.unreleased()])[: len(targets)]
        cache.used([unit.key for each in made for unit in each.units])
        yield Synthesized(targets, {each.cluster: each for each in made}, pipeline.rendered)
    finally:
        pool.close()
        cache.close()


def synthesize(fleet: Fleet, root: Path) -> int:
    """Bring `manifests/` to what the repository says. Returns the exit code; reports in sentences what happened."""
    scratch = Path(os.environ.get("CDK8S_OUTDIR") or root / ".scratch")
    gc.disable()  # the process ends with this; nearly all that it makes is kept until then
    try:
        with synthesized(fleet, root) as made:
            changed = exchange(root / MANIFESTS, scratch / "exchange", made.digests(), made.texts)
            _list_for_cdk8s(made, changed, scratch)
            _summarize(made, changed)
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        say(f"{counted(len(problem.sentences), 'problem')}. manifests/ was not changed.")
        return problem.exit_code
    except sqlite3.DatabaseError as error:
        say(f"✗ The cache in {cache_folder()} is damaged ({error}). Delete it, or run with DESIRED_CACHE=off")
        return 1
    except OSError as error:
        place = error.filename or "a file"
        say(f"✗ {place}: {error.strerror}. Fix that and run `make synth` again. Every folder is complete.")
        return 1
    except KeyboardInterrupt:
        say("Stopped. Every folder of manifests/ is complete. Run `make synth` again to finish.")
        return 130
    return 0


def _summarize(made: Synthesized, changed: list[str]) -> None:
    for target in made.targets:
        manifests = made.manifests[target.cluster]
        count = sum(path.startswith(f"{target.cluster}/") for path in changed)
        services = len({unit.service for unit in manifests.units if not unit.id.startswith("platform/")})
        files = len(manifests.digests) + len(manifests.all_lists)
        code = f", rendered by {target.code.name}" if target.code.name != HEAD else ""
        say(f"  {target.cluster:<16} {services:>4} services {files:>6} files {count:>6} changed{code}")
    say(f"{len(changed)} files changed, {made.rendered} units rendered." if changed else "Nothing changed.")


def _list_for_cdk8s(made: Synthesized, changed: list[str], scratch: Path) -> None:
    """What `cdk8s synth` finds in its output folder: the list of what changed in `manifests/`."""
    scratch.mkdir(parents=True, exist_ok=True)
    by_cluster = {name: [path for path in changed if path.startswith(f"{name}/")] for name in made.manifests}
    (scratch / "changed.yaml").write_text(yaml.dump(by_cluster), encoding="utf-8")
