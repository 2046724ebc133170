"""The one way to manifests: plan, render what is missing, check, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.values import Problem, unknown_field
from constructs_lib.values.data import Json, digest

from ..progress import Progress
from .cache import Cache
from .inputs import Target
from .manifests import ClusterManifests, PlannedUnit
from .plans import Plans
from .pool import Job, RendererDied, RendererPool
from .server import CONTRACT, Renderer
from .source import HEAD, Code


class Pipeline:
    """Makes the manifests of clusters, whose code may be that of the work tree or of a commit.

    What it learned lives on from one call to the next. `local` answers for the work tree in this process, all but
    rendering, so that nothing is started where nothing is to be rendered.
    """

    def __init__(self, pool: RendererPool, cache: Cache, local: Renderer | None = None) -> None:
        self._pool, self._cache, self._local = pool, cache, local
        self._plans = Plans(self._ask, cache)
        self._dead: dict[Code, tuple[str, ...]] = {}
        """Code whose renderer ended by itself: it is not started again as long as this process lives."""
        self.rendered = 0
        """How many units were rendered."""

    def manifests(self, targets: Sequence[Target]) -> list[ClusterManifests]:
        """The manifests of all clusters. Raises Problem with everything that is wrong in any of them."""
        plans = self._planned(targets)
        self._render(plans)
        problems = [sentence for target, units in plans for sentence in self._findings(target, units)]
        if problems:
            raise Problem(*dict.fromkeys(problems))
        return [ClusterManifests(target.cluster, units, self._cache) for target, units in plans]

    def known(self, target: Target) -> ClusterManifests | None:
        """Manifests from the cache; None if it no longer has all of them. Raises Problem."""
        found = ClusterManifests(target.cluster, self._guarded(target), self._cache)
        return found if found.all_known() else None

    # plan

    def _planned(self, targets: Sequence[Target]) -> list[tuple[Target, list[PlannedUnit]]]:
        plans: list[tuple[Target, list[PlannedUnit]]] = []
        problems: list[str] = []
        died = False
        for target in targets:
            try:
                plans.append((target, self._guarded(target)))
            except Problem as problem:
                problems.extend(problem.sentences)
                died = died or isinstance(problem, RendererDied)
        if problems:
            raise (RendererDied if died else Problem)(*dict.fromkeys(problems))
        return plans

    def _guarded(self, target: Target) -> list[PlannedUnit]:
        if target.code in self._dead:
            raise Problem(*self._dead[target.code])
        return self._plans.plan(target)

    # render

    def _render(self, plans: Sequence[tuple[Target, list[PlannedUnit]]]) -> None:
        asked: set[str] = set()
        jobs = [job for target, units in plans for job in self._jobs(target, units, asked)]
        progress = Progress("rendering", sum(len(job.units) for job in jobs))
        problems: list[str] = []

        def take(job: Job, answer: Json) -> None:
            cluster, unit = job.request["cluster"], answer["unit"]
            progress.step(f"{cluster} {unit}")
            if "problems" in answer:
                problems.extend(f"{cluster}: {sentence}" for sentence in answer["problems"])
            elif answer["key"] != job.units[unit]:
                # This process and the renderer have read different files: neither key may keep the output.
                problems.append(
                    f"{cluster}: envs/ changed while it was read, or depends on more than its files. "
                    f"Run the command again, or make envs/ return the same values each time"
                )
            else:
                self.rendered += 1
                self._cache.put(answer["key"], answer["files"], answer["facts"])

        try:
            self._pool.render(jobs, take)
        except RendererDied as death:
            self._dead |= {job.code: death.sentences for job in jobs if job.code.name != HEAD}
            raise
        finally:
            progress.close()
        if problems:
            raise Problem(*dict.fromkeys(problems))

    def _jobs(self, target: Target, units: Sequence[PlannedUnit], asked: set[str]) -> Iterator[Job]:
        """What must be rendered for a cluster, without the keys already requested, to which it adds its own."""
        missing = [
            (unit.id, unit.key) for unit in units if unit.key not in asked and self._cache.digests(unit.key) is None
        ]
        asked.update(key for _, key in missing)
        request = target.inputs.request().as_json() if missing else {}
        # Small enough that all cores end together, large enough that a request's own cost does not count.
        size = max(8, min(200, -(-len(missing) // (2 * self._pool.size))))
        for start in range(0, len(missing), size):
            yield Job(target.code, request, dict(missing[start : start + size]))

    # check

    def _findings(self, target: Target, units: Sequence[PlannedUnit]) -> list[str]:
        keys = [unit.key for unit in units]
        note = digest("\0".join(("check", target.code_key, target.cluster, *keys)))
        if self._cache.note(note) is not None:
            return []
        given: dict[str, Json] = {}
        while True:
            answer = self._ask(target, "check", bare=True, keys=keys, facts=given)[0]
            if "findings" in answer:
                break
            # Another process may answer next time, so the facts are sent again.
            given |= {key: self._cache.facts(key) for key in answer["missing"]}
        found = [f"{target.cluster}: {sentence} [{rule}]" for rule, _, sentence in answer["findings"]]
        if not found:
            self._cache.take_note(note, {})
        return found

    # the renderer

    def _ask(self, target: Target, do: str, bare: bool = False, **more: object) -> list[Json]:
        """The answers of the code of a target. A bare question is about the cluster alone, without its inputs."""
        request = {"cluster": target.cluster, "releases": {}, "rollouts": {}, "specs": {}}
        if not bare:
            request = target.inputs.request().as_json()
        if self._local and target.code.name == HEAD:
            return list(self._local.answers({"contract": CONTRACT, "do": do, **request, **more}))
        try:
            return self._pool.ask(target.code, do, request, **more)
        except RendererDied as death:
            self._dead[target.code] = death.sentences
            raise
        except Problem as problem:
            raise Problem(*(_of_commit(sentence, target) for sentence in problem.sentences)) from None


def _of_commit(sentence: str, target: Target) -> str:
    """The message of a commit's code. For a field that an older platform does not know, it names the remedy."""
    if field := unknown_field(sentence):
        return f"{target.code.name} does not know `{field}`. Move the platform first"
    return f"{target.cluster} with {target.code.name}: {sentence}"
