"""Sequences of what people do to Git, mixed with operations: made from a seed, played, and made shorter.

`python -m tests.support.git_accidents 17` plays the sequence of a seed and says what happens, step by step. Where
something is wrong, it then looks for the fewest steps with which something still is.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import accident_checks, accident_edits, accident_operators, accident_people
from tests.support import fork as forks
from tests.support.accident_world import World, prepared
from tests.support.fork import Fork

_ACTIONS = {**accident_people.ACTIONS, **accident_edits.ACTIONS, **accident_operators.ACTIONS}
LENGTH = 8
"""Steps of a sequence."""


@dataclass(frozen=True)
class Planned:
    """A step that is to be done: what, and the seed of what it chooses."""

    action: str
    seed: int


def plan(seed: int, length: int = LENGTH) -> list[Planned]:
    """The steps of a seed. It begins with an operation, so that there is something to lose."""
    chance = random.Random(seed)
    weights = [weight for _, weight in _ACTIONS.values()]
    names = ["operation", *chance.choices(list(_ACTIONS), weights, k=length - 1)]
    return [Planned(name, chance.randrange(10**6)) for name in names]


def play(base: Fork, folder: Path, steps: Sequence[Planned]) -> tuple[list[str], list[str]]:
    """What happened, and what is wrong afterwards."""
    shutil.copytree(base.folder, folder, symlinks=True)
    world = World(Fork(folder))
    found: list[str] = []
    try:
        for step in steps:
            world.said.append(f"{step.action}: {_ACTIONS[step.action][0](world, random.Random(step.seed))}")
        chance = random.Random(len(steps))
        first = world.newcomer("plain") if chance.random() < 0.3 else chance.choice(world.names)
        found += accident_checks.settled(world, first)
        found += accident_checks.wrong(world)
    except Exception:
        found.append(traceback.format_exc())
    finally:
        world.close()
    return [f"{number}. {line}" for number, line in enumerate(world.said)], found


def wrong(base: Fork, folder: Path, seed: int) -> str:
    """What went wrong in the sequence of a seed, with all its steps; empty if nothing did."""
    said, found = play(base, folder, plan(seed))
    return "\n".join((f"seed {seed}:", *said, *(f"✗ {each}" for each in found))) if found else ""


def shorter(base: Fork, folder: Path, steps: list[Planned]) -> list[Planned]:
    """Fewer steps with which something is wrong, too: none of them can be left out."""
    at, tries = len(steps) - 1, 0
    while at >= 0:
        fewer = [*steps[:at], *steps[at + 1 :]]
        tries += 1
        if play(base, folder / f"try{tries}", fewer)[1]:
            steps = fewer
        at = min(at, len(steps)) - 1
    return steps


def main(words: Sequence[str]) -> int:
    """Plays seeds (`17`, or `0-99` for many); the exit code is 1 if anything went wrong."""
    first, _, last = words[0].partition("-")
    seeds = range(int(first), int(last or first) + 1)
    bad, before = 0, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="desired-", ignore_cleanup_errors=True) as name:
        os.environ["DESIRED_CACHE_DIR"] = f"{name}/cache"
        os.environ.pop("CI", None)
        base = prepared(forks.make(Path(name, "fork")), Path(name, "base"))
        for seed in seeds:
            if said := wrong(base, Path(name, f"seed{seed}"), seed):
                bad += 1
                print(said, flush=True)
                if len(seeds) == 1:
                    said_, found = play(base, Path(name, "least"), shorter(base, Path(name, "tries"), plan(seed)))
                    print("\nthe fewest steps:", *said_, *found, sep="\n")
            elif len(seeds) == 1:
                print(*play(base, Path(name, "again"), plan(seed))[0], sep="\n")
    print(f"{bad} of {len(seeds)} sequences went wrong; {(time.perf_counter() - before) / len(seeds):.1f} s for each")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
