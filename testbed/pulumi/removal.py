"""How resources leave: in reverse order of dependencies, and not at all where something among them is protected."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from . import difference
from .difference import Mutable
from .objects import NotDone
from .outcome import Action
from .providers import Providers, is_provider
from .state import Resource, State
from .values import UNKNOWN, Properties, plain

_AT_ONCE = 8


class Note(Protocol):
    """Takes what became of a resource."""

    def __call__(self, action: Action, resource: Resource, /) -> None:
        """After the state has it."""


class Removal:
    """Takes resources out of a state, and their objects out of the clusters (not in a preview)."""

    def __init__(self, state: State, save: Callable[[], None], providers: Providers, preview: bool) -> None:
        """`save` writes the state."""
        self._state = state
        self._save = save
        self._providers = providers
        self._preview = preview

    def run(self, kept: set[str], note: Note) -> None:
        """Removes all but these. Raises `NotDone`, before anything is done where one is protected."""
        going = [each for each in self._state.resources if each.doomed or each.urn not in kept]
        for each in going:
            if each.protect and not each.doomed:
                raise NotDone(unable_to_delete(each.urn))
        names = {each.urn for each in going if not each.doomed}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while going:
                ready = leaves(going)
                gone = [pool.submit(self._remove, each, names, note) for each in ready]
                errors = [error for future in gone if (error := future.exception())]
                if errors:
                    raise errors[0]
                going = [each for each in going if not any(each is done for done in ready)]

    def before_replacing(self, old: Resource, mutable: Mutable) -> set[str]:
        """Removes an object whose successor has its name, and first all that could not outlive it; their URNs.

        Raises `NotDone`, before anything is done where one is protected.
        """
        with self._state.lock:
            dependents = _replaced_with(old, self._state.resources, mutable)
        for each in dependents:
            if each.protect:
                raise NotDone(unable_to_replace(each.urn, old.urn))
        for each in [*dependents, old]:
            self._remove(each, set(), None)
        return {each.urn for each in dependents}

    def _remove(self, gone: Resource, others: set[str], note: Note | None) -> None:
        stays = gone.retain or gone.external or gone.deleted_with in others
        if not (self._preview or stays) and gone.custom and not is_provider(gone):
            objects = self._providers.objects(gone.provider)
            if objects is None:
                raise NotDone(f"{gone.name}: its provider is not in the state, so its cluster is not known")
            objects.delete(gone.inputs, gone.urn, gone.seconds)
        with self._state.lock:
            self._state.drop(gone)
            self._save()
            if note and not gone.doomed:
                note("discard" if gone.external else "retain" if gone.retain else "delete", gone)


def leaves(resources: Iterable[Resource]) -> list[Resource]:
    """Those that none of the others needs; a replaced one does not count as what others need."""
    held = list(resources)
    needed = {urn for each in held for urn in each.needs if urn != each.urn}
    return [each for each in held if each.urn not in needed] or held


def unable_to_delete(urn: str) -> str:
    """Pulumi's sentence for a protected resource that was to be deleted."""
    return (
        f"resource {urn!r} cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the "
        "`protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
        f"`pulumi state unprotect '{urn}'`"
    )


def unable_to_replace(urn: str, because_of: str = "") -> str:
    """Pulumi's sentence for a protected resource that was to be replaced."""
    part = f" as part of replacing {because_of!r}" if because_of else ""
    return (
        f"unable to replace resource {urn!r}{part}\nas it is currently marked for protection. To unprotect the "
        "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
    )


def _replaced_with(old: Resource, resources: list[Resource], mutable: Mutable) -> list[Resource]:
    """All that depend on it by a property whose change needs a new object; whom others depend on comes last."""
    found: list[Resource] = []
    changing = {old.urn}
    while more := [
        each
        for each in resources
        if each.urn not in changing and not (each.doomed or each.external) and _falls_with(each, changing, mutable)
    ]:
        found += more
        changing |= {each.urn for each in more}
    ordered: list[Resource] = []
    while found:
        ready = leaves(found)
        ordered += ready
        found = [each for each in found if not any(each is done for done in ready)]
    return ordered


def _falls_with(each: Resource, changing: set[str], mutable: Mutable) -> bool:
    """Whether not knowing the properties that come from these resources would replace it."""
    if not each.custom:
        return False
    unknown: Properties = {key: UNKNOWN for key, urns in each.property_dependencies.items() if changing & {*urns}}
    if is_provider(each):
        return "kubeconfig" in unknown
    if each.provider_urn in changing:
        return True
    if not unknown:
        return False
    inputs = plain(each.inputs)
    return any(change.replaces for change in difference.changes(inputs, plain(each.outputs), inputs | unknown, mutable))
