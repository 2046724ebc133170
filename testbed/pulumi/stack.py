"""A stack: a Pulumi program, its configuration, and what it answers for; for tests and demonstrations.

The engine of record is the `pulumi` command. This one runs the same program, unchanged, against a resource monitor of
its own, and decides as Pulumi's engine and its Kubernetes provider do where it decides at all; what it does not know it
refuses. Its state is not Pulumi's.
"""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from . import monitor, values
from .awaiting import NoCondition
from .crypt import WrongPassphrase
from .deployment import Deployment, References
from .kubeconfig import BadKubeconfig, connect
from .log import Log
from .objects import Clusters, Gate, NotDone
from .outcome import Failed, Outcome, Step
from .paths import NoPath
from .program import Late, Program
from .providers import Providers
from .refresh import Refresh
from .removal import Removal
from .state import Locked, Store, Unreadable
from .values import Properties, Unsupported

_SENTENCES = (NotDone, NoCondition, Unsupported, BadKubeconfig, NoPath, Late, Locked, Unreadable, WrongPassphrase)
"""Errors whose message is for people."""


class Stack:
    """One stack of a program. Every method may be called again, after any failure."""

    def __init__(
        self,
        name: str,
        program: Path,
        folder: Path,
        config: Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        clusters: Clusters | None = None,
        references: References | Path | None = None,
        project: str = "stacks",
        parallel: int = 16,
        seconds: float = 600.0,
        fail_after: int | None = None,
    ) -> None:
        """`program` is the folder with `__main__.py`, `folder` that of the state.

        Configuration: by key, `project:key` or `key` of this project; what is no text is handed over as JSON.
        `clusters` gives the API server for a provider's name and its kubeconfig (by default the one that this names);
        `references` the outputs of other stacks, or the folder of their states (by default `folder`).
        `fail_after` is for tests: that write (from 1) is refused as if by the API server.
        """
        self.name = name
        self._secrets = {_key(project, key): value for key, value in (secrets or {}).items()}
        said = {_key(project, key): _text(value) for key, value in (config or {}).items()}
        self._program = Program(
            program.resolve(), project, name, said | self._secrets, tuple(sorted(self._secrets)), parallel, seconds
        )
        self._store = Store(folder, name)
        self._clusters: Clusters = clusters or (lambda _, kubeconfig: connect(kubeconfig))
        elsewhere = references or folder
        self._references: References = elsewhere if callable(elsewhere) else _states(elsewhere)
        self._fail_after = fail_after

    def preview(self, refresh: bool = False) -> Outcome:
        """What `up` would do. Writes nothing, neither to a cluster nor to the state. Raises `Failed`."""
        with self._run(preview=True) as run:
            if refresh:
                run.refresh()
            return run.program(self._program)

    def up(self, refresh: bool = False, skip_preview: bool = False) -> Outcome:
        """Makes it so: first a preview, as the command does, so that what is refused there changes nothing.

        `refresh` reads the clusters before. Raises `Failed`.
        """
        if not skip_preview:
            self.preview(refresh)
        with self._run() as run:
            run.adopt()
            if refresh:
                run.refresh()
            return run.program(self._program)

    def refresh(self) -> Outcome:
        """Notes in the state what the clusters have; the steps name what differs. Raises `Failed`."""
        with self._run() as run:
            run.adopt()
            run.refresh()
            return run.outcome()

    def destroy(self) -> Outcome:
        """Deletes all; nothing, where something is protected. Raises `Failed`."""
        with self._run() as run:
            run.adopt()
            return run.destroy()

    def outputs(self, show_secrets: bool = False) -> Properties:
        """The outputs of the last `up`; secrets are hidden unless asked for."""
        found = self._store.load().outputs()
        shown: Properties = values.plain(found) if show_secrets else values.hidden(found)
        return shown

    def unprotect(self, *names: str) -> None:
        """What `pulumi state unprotect` does: the resources of these names (all, without names) may be deleted."""
        with self._store.lock():
            state = self._store.load()
            state.unprotect(names)
            self._store.save(state)

    @contextmanager
    def _run(self, preview: bool = False) -> Generator["_Run"]:
        log = Log()
        log.hide([values.Secret(value) for value in self._secrets.values()])
        steps: list[Step] = []
        try:
            with nullcontext() if preview else self._store.lock():
                run = _Run(self._store, self._clusters, self._references, self._program.config, log, preview)
                run.gate = Gate(None if preview else self._fail_after)
                steps = run.steps
                yield run
        except _SENTENCES as error:
            raise Failed(log.without_secrets(str(error)), Outcome(tuple(steps), {}, log.messages)) from error


class _Run:
    """One run: the state that it began with, and what it has done by now."""

    def __init__(
        self,
        store: Store,
        clusters: Clusters,
        references: References,
        config: Mapping[str, str],
        log: Log,
        preview: bool,
    ) -> None:
        self.steps: list[Step] = []
        self.gate = Gate()
        self._log = log
        self._preview = preview
        self._state = store.load()
        self._save: Callable[[], None] = (lambda: None) if preview else (lambda: store.save(self._state))
        self._references = references
        self._clusters = clusters
        self._config = config

    def adopt(self) -> None:
        """Settles what an interrupted run left open."""
        Refresh(self._state, self._save, self._providers()).adopt()

    def refresh(self) -> None:
        """Reads the clusters."""
        refresh = Refresh(self._state, self._save, self._providers())
        refresh.steps = self.steps
        refresh.run()

    def program(self, program: Program) -> Outcome:
        """Runs the program, and deletes what it did not register."""
        deployment = Deployment(self._state, self._save, self._providers(), self._references, self._log, self._preview)
        refreshed = [step for step in self.steps if step.action == "refresh"]
        self.steps[:] = refreshed
        deployment.steps = self.steps
        code = monitor.run(deployment, program, self._log)
        if deployment.failure:
            raise deployment.failure
        if code:
            errors = [message.text for message in self._log.messages if message.level == "error"]
            raise NotDone("\n".join(errors) or f"Program exited with non-zero exit code: {code}")
        deployment.finish()
        return self.outcome(deployment.outputs)

    def destroy(self) -> Outcome:
        """Deletes all."""
        note = lambda action, gone: self.steps.append(Step(action, gone.urn, gone.type, gone.name, gone.parent))  # noqa: E731
        Removal(self._state, self._save, self._providers(), self._preview).run(set(), note)
        return self.outcome({})

    def outcome(self, outputs: Properties | None = None) -> Outcome:
        """What was done."""
        found = self._state.outputs() if outputs is None else outputs
        return Outcome(tuple(self.steps), values.hidden(found), self._log.messages)

    def _providers(self) -> Providers:
        return Providers(self._state, self._clusters, self._config, self.gate, self._log.warn)


def _states(folder: Path) -> References:
    """The outputs of stacks whose states lie in this folder, by the last part of `organization/project/stack`."""

    def outputs(name: str) -> Properties:
        store = Store(folder, name.rpartition("/")[2])
        if not store.exists:
            raise NotDone(f"unknown stack {name!r}: it is to be brought up first")
        return store.load().outputs()

    return outputs


def _key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
