"""Environments that code no longer defines. One stays with older code while services run there, and leaves after that.

Flux prunes what leaves a folder that it applies. Where the whole folder is missing it reports an error and changes
nothing, so the clusters of an environment that left keep what they run until somebody deletes them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from constructs_lib.values.environment import ROLES

from ..core.model import EnvironmentState
from ..history import release_files
from ..render.manifests import MANIFESTS
from ..wording import counted, listed


def undefined(
    states: Mapping[str, EnvironmentState], defined: Collection[str], kept: Collection[str] = frozenset()
) -> dict[str, str]:
    """Environments that code no longer defines, in the order of promotion: why each one stays, empty if it leaves.

    The environments in `kept` have signers, and this publisher is not one of them.
    """
    found: dict[str, str] = {}
    for name in reversed([each for each in states if each not in defined]):
        later = [each for each, why in found.items() if why and states[each].environment.promoted_from == name]
        signer = "one of its signers has to publish that" if name in kept else ""
        found[name] = _why_it_stays(states[name], later) or signer
    return dict(reversed(found.items()))


def _why_it_stays(state: EnvironmentState, later: list[str]) -> str:
    """What an environment is needed for, and the next step; empty if it is needed for nothing."""
    name, file = state.name, _file(state)
    number, hold = len(state.releases), state.holds.environment
    if number:
        runs, them = ("runs", "it") if number == 1 else ("run", "them")
        remedy = f"Retire {them} with `desired retire SERVICE -e {name}`, or put {file} back"
        return f"{counted(number, 'service')} {runs} there. {remedy}"
    if later:
        return f"{listed(later)} {'is' if len(later) == 1 else 'are'} promoted from it. Put {file} back until then"
    if hold:
        return f"{hold.actor} holds it: {hold.reason}. Run `desired unhold -e {name}`, or put {file} back"
    return ""


def clusters(state: EnvironmentState) -> list[str]:
    """The names of its clusters, that of the applications first."""
    return [state.environment.cluster_name(role) for role in reversed(ROLES)]


def folders(state: EnvironmentState) -> list[str]:
    """The folders of the repository that leave with it."""
    return [release_files.folder(state.name), *(f"{MANIFESTS}/{each}" for each in clusters(state))]


def stays(state: EnvironmentState, codes: Mapping[str, str], why: str) -> str:
    """The sentence for an environment that stays with older code. `codes` has the commit of each cluster's code."""
    names = clusters(state)
    code = codes[names[0]][:12]
    return f"{listed(names)} stay with the code of {code}: envs/ does not define {state.name} any more, and {why}"


def leaves(state: EnvironmentState) -> str:
    """The sentence for an environment that leaves."""
    return (
        f"{state.name} leaves live: envs/ does not define it any more, and no service runs there. "
        f"{listed(clusters(state))} keep what they run until you delete them with `pulumi destroy`"
    )


def _file(state: EnvironmentState) -> str:
    return f"envs/{state.name.replace('-', '_')}.py"
