"""One run over a stack's resources: takes registrations, does what they come to, and keeps the state."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from . import difference, paths
from .goal import REFERENCE, Goal, Plan, decide, name_of
from .log import Log
from .objects import NotDone, Objects, Unanswered
from .outcome import Action, Step
from .providers import Providers, is_provider, moves
from .removal import Removal, unable_to_replace
from .state import STACK, Resource, State
from .values import Properties, Secret, Value, has_secret, is_unknown, plain

References = Callable[[str], Mapping[str, Value]]
"""The outputs of another stack, by its name; secrets are `Secret`s. Raises `NotDone`."""


class Stopped(Exception):
    """The run failed before; nothing more is begun."""


class Deployment:
    """What a program's registrations come to. Threads call it side by side; the first failure ends it."""

    def __init__(
        self,
        state: State,
        save: Callable[[], None],
        providers: Providers,
        references: References,
        log: Log,
        preview: bool,
    ) -> None:
        """`save` writes the state."""
        self.preview = preview
        self.steps: list[Step] = []
        self.failure: Exception | None = None
        self.outputs: Properties | None = None
        self._state = state
        self._save = save
        self._providers = providers
        self._references = references
        self._log = log
        self._registered: set[str] = set()
        self._replaced: set[str] = set()
        self._removal = Removal(state, save, providers, preview)

    def register(self, goal: Goal) -> Resource:
        """The resource as it is once that is done. Raises `Stopped` and what the step fails with."""
        new = goal.resource
        self._log.hide(new.inputs)
        with self._state.lock:
            self._enter(new)
            old = self._old(new.urn, goal.aliases)
        if not new.custom:
            return self._component(new, old)
        if is_provider(new):
            return self._provider(new, old)
        return self._object(goal, old)

    def read(self, new: Resource) -> Resource:
        """A resource that others look after; without an id it is not known yet. Raises `NotDone`."""
        with self._state.lock:
            self._enter(new)
        if new.type == REFERENCE:
            outputs = dict(self._references(new.id))
            secret: Value = sorted(key for key, value in outputs.items() if has_secret(value))
            return self._done("read", replace(new, outputs={"outputs": outputs, "secretOutputNames": secret}))
        objects = self._providers.objects(new.provider)
        if not (new.id and objects):
            return self._done("read", new)
        new = replace(new, inputs=objects.placed(_named(new.type, new.id)))
        found = objects.read(new.inputs)
        if found is None:
            raise NotDone(f"{new.name}: there is no {new.type.rpartition(':')[2]} {new.id}; it was to be read")
        return self._done("read", replace(new, outputs=marked(found, {}, ())))

    def put_outputs(self, urn: str, outputs: Properties) -> None:
        """What a component, or the whole stack, says of itself."""
        self._log.hide(outputs)
        with self._state.lock:
            found = self._state.live(urn)
            if found is None:
                raise NotDone(f"outputs for {urn}, which was not registered")
            if found.type == STACK:
                if self.failure:
                    return  # those of a whole run stay
                self.outputs = outputs
            self._state.put(replace(found, outputs=outputs))
            self._save()

    def finish(self) -> None:
        """Deletes what the program did not register. Raises `NotDone`."""
        self._removal.run(self._registered, self._note)

    def fail(self, error: Exception) -> None:
        """Ends the run; the first failure is the one that is told."""
        with self._state.lock:
            self.failure = self.failure or error

    def _enter(self, new: Resource) -> None:
        if self.failure:
            raise Stopped
        if new.urn in self._registered:
            raise NotDone(f"Duplicate resource URN {new.urn!r}; try giving it a unique name")
        self._registered.add(new.urn)

    def _old(self, urn: str, aliases: tuple[str, ...]) -> Resource | None:
        for alias in aliases:
            if self._state.live(urn) is None and alias not in self._registered and self._state.live(alias):
                self._state.rename(alias, urn)
        return self._state.live(urn)

    def _component(self, new: Resource, old: Resource | None) -> Resource:
        new = replace(new, outputs=old.outputs if old else {})
        if old is None:
            return self._done("create", new)
        changed = difference.plain_changes(old.inputs, new.inputs)
        return self._done("update" if changed else "same", new, changed)

    def _provider(self, new: Resource, old: Resource | None) -> Resource:
        new = replace(new, outputs=new.inputs)
        fresh = replace(new, id="" if self.preview else str(uuid.uuid4()))
        if old is None:
            return self._done("create", fresh)
        changed = difference.plain_changes(old.inputs, new.inputs)
        if not changed:
            return self._done("same", replace(new, id=old.id))
        if not moves(old.inputs, new.inputs):
            return self._done("update", replace(new, id=old.id), changed)
        if old.protect and new.protect:
            raise NotDone(unable_to_replace(new.urn))
        with self._state.lock:
            self._state.doom(old)
        return self._done("replace", fresh, changed)

    def _object(self, goal: Goal, old: Resource | None) -> Resource:
        new = goal.resource
        objects = self._providers.objects(new.provider)
        inputs = new.inputs if old is None else paths.reset(new.inputs, old.inputs, goal.ignore)
        new = replace(new, inputs=objects.placed(inputs) if objects else inputs)
        if old is None or old.external:
            return self._create(goal, new, objects, Plan("replace" if new.urn in self._replaced else "create"))
        mutable = objects.settings.mutable if objects else difference.Mutable()
        found = difference.changes(old.inputs, plain(old.outputs), new.inputs, mutable)
        plan = decide(goal._replace(resource=new), old, found, self._providers.moved(old, new))
        if plan.action == "same":
            return self._done("same", replace(new, id=old.id, outputs=old.outputs))
        if plan.action == "update":
            return self._update(goal, replace(new, id=old.id), objects, plan)
        if old.protect and new.protect:
            raise NotDone(unable_to_replace(new.urn))
        if plan.delete_first:
            self._replaced |= self._removal.before_replacing(old, mutable)
        return self._create(goal, new, objects, plan, None if plan.delete_first else old)

    def _create(
        self, goal: Goal, new: Resource, objects: Objects | None, plan: Plan, doomed: Resource | None = None
    ) -> Resource:
        if self.preview:
            made = objects.tried(new.inputs, new.urn, new=True) if objects and not is_unknown(new.inputs) else None
            outputs = new.inputs if made is None else marked(made, new.inputs, goal.secret_outputs)
            return self._done(plan.action, replace(new, outputs=outputs), plan.changed)
        with self._state.lock:
            self._state.begin(new)
            self._save()
        try:
            cluster = _reachable(objects, new)
            made = cluster.create(new.inputs, new.urn)
        except NotDone as error:
            if not isinstance(error, Unanswered):
                with self._state.lock:
                    self._state.abandon(new.urn)
                    self._save()
            raise
        with self._state.lock:
            if doomed:
                self._state.doom(doomed)
            new = replace(new, inputs=cluster.placed(new.inputs), id=name_of(made))
            new = replace(new, outputs=marked(made, new.inputs, goal.secret_outputs))
            return self._done(plan.action, new, plan.changed)

    def _update(self, goal: Goal, new: Resource, objects: Objects | None, plan: Plan) -> Resource:
        if self.preview:
            made = objects.tried(new.inputs, new.urn, new=False) if objects and not is_unknown(new.inputs) else None
        else:
            made = _reachable(objects, new).update(new.inputs, new.urn, goal.ignore)
        outputs = new.inputs if made is None else marked(made, new.inputs, goal.secret_outputs)
        return self._done("update", replace(new, outputs=outputs), plan.changed)

    def _done(self, action: Action, new: Resource, changed: tuple[str, ...] = ()) -> Resource:
        self._log.hide(new.outputs)
        with self._state.lock:
            self._state.put(new)
            self._save()
            self._note(action, new, changed)
        return new

    def _note(self, action: Action, new: Resource, changed: tuple[str, ...] = ()) -> None:
        with self._state.lock:
            self.steps.append(Step(action, new.urn, new.type, new.name, new.parent, changed))


def _reachable(objects: Objects | None, new: Resource) -> Objects:
    if objects is None:
        raise NotDone(f"{new.name}: its provider's kubeconfig is not known, and nothing can be written without it")
    return objects


def _named(kind: str, identity: str) -> Properties:
    """The inputs of an object of which only type and id are known: `kubernetes:apps/v1:Deployment`, `shop/checkout`."""
    _, version, name = kind.split(":")
    namespace, _, own = identity.rpartition("/")
    metadata = {"name": own, "namespace": namespace} if namespace else {"name": own}
    return {"apiVersion": version.removeprefix("core/"), "kind": name, "metadata": metadata}


def marked(made: Properties, inputs: Properties, secret_outputs: tuple[str, ...]) -> Properties:
    """The object with all secret that is secret in the inputs, in a Secret, or by option."""
    outputs: Properties = _annotated({key: _slim(value) for key, value in made.items()}, inputs)
    secret = {*secret_outputs, *(("data", "stringData") if made.get("kind") == "Secret" else ())}
    return {key: Secret(plain(value)) if key in secret else value for key, value in outputs.items()}


def _slim(value: Value) -> Value:
    """Who owns which field is long, and nobody's input."""
    return {key: item for key, item in value.items() if key != "managedFields"} if isinstance(value, dict) else value


def _annotated(made: Value, inputs: Value) -> Value:
    if isinstance(made, dict) and isinstance(inputs, dict):
        return {key: _annotated(value, inputs.get(key)) for key, value in made.items()}
    return Secret(plain(made)) if has_secret(inputs) else made
