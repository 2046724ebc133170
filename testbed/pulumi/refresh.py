"""What became of a stack's objects since the last run: read from the clusters, and noted in the state."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from . import difference, paths
from .deployment import marked
from .goal import name_of
from .objects import NotDone
from .outcome import Step
from .providers import Providers, is_provider
from .state import Resource, State
from .values import Properties, Secret, plain

_AT_ONCE = 8


class Refresh:
    """Reads every object of a state."""

    def __init__(self, state: State, save: Callable[[], None], providers: Providers) -> None:
        """`save` writes the state."""
        self.steps: list[Step] = []
        self._state = state
        self._save = save
        self._providers = providers

    def run(self) -> None:
        """Notes what differs. Raises `NotDone` where a cluster cannot be read; what was read by then stays noted."""
        ours = [each for each in self._state.resources if _has_object(each)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._one, ours))

    def adopt(self) -> None:
        """Takes up what an interrupted run had begun to create: made or not, the cluster says. Raises `NotDone`."""
        for begun in list(self._state.begun):
            objects = self._providers.objects(begun.provider)
            if objects is None:
                raise NotDone(f"{begun.name}: its creation was interrupted, and its provider is not known any more")
            inputs = objects.placed(begun.inputs)
            made = objects.made_by_us(inputs, begun.urn)
            if made is None:
                self._state.abandon(begun.urn)
                continue
            if old := self._state.live(begun.urn):
                self._state.doom(old)
            self._state.put(_seen(replace(begun, inputs=inputs), made))
        self._save()

    def _one(self, old: Resource) -> None:
        objects = self._providers.objects(old.provider)
        if objects is None:
            raise NotDone(f"{old.name}: its provider is not in the state, so its cluster is not known")
        live = objects.read(old.inputs)
        with self._state.lock:
            if live is None:
                self._state.drop(old)
                self._note(old, ("deleted",))
            else:
                changed = difference.drift(old.inputs, plain(old.outputs), live)
                self._state.put(_seen(old, live))
                self._note(old, tuple(sorted(paths.text(path) for path in changed)))
            self._save()

    def _note(self, old: Resource, changed: tuple[str, ...]) -> None:
        self.steps.append(Step("refresh" if changed else "same", old.urn, old.type, old.name, old.parent, changed))


def _seen(old: Resource, live: Properties) -> Resource:
    """With the object as it is now; what was secret in it stays so."""
    outputs = {
        key: Secret(plain(value)) if isinstance(old.outputs.get(key), Secret) else value
        for key, value in marked(live, old.inputs, ()).items()
    }
    return replace(old, id=name_of(live), outputs=outputs)


def _has_object(each: Resource) -> bool:
    return each.custom and each.type.startswith("kubernetes:") and not (is_provider(each) or each.doomed)
