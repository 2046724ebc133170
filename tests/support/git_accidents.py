"""Sequences of what people do to Git, mixed with operations: made from a seed, played, and made shorter.

`python -m tests.support.git_accidents 17` plays the sequence of a seed and says what happens, step by step. Where
something is wrong, it then looks for the fewest steps with which something still is. `0-499` plays many, on all cores.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
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


@contextmanager
def _prepared() -> Iterator[Path]:
    """A folder with the repository that every sequence begins with."""
    with tempfile.TemporaryDirectory(prefix="desired-", ignore_cleanup_errors=True) as name:
        os.environ["DESIRED_CACHE_DIR"] = f"{name}/cache"
        os.environ.pop("CI", None)
        prepared(forks.make(Path(name, "fork")), Path(name, "base"))
        yield Path(name)


def _wrong(folder: Path, seed: int) -> str:
    place = folder / f"seed{seed}"
    try:
        return wrong(Fork(folder / "base"), place, seed)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _many(folder: Path, seeds: Sequence[int]) -> int:
    """Plays many sequences, on all cores; returns how many went wrong."""
    bad, before = 0, time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context) as pool:
        for done, said in enumerate(pool.map(_wrong, repeat(folder), seeds), 1):
            bad += bool(said)
            if said or done % 50 == 0:
                print(said or f"{done} of {len(seeds)} played", flush=True)
    seconds = (time.perf_counter() - before) / len(seeds)
    print(f"{bad} of {len(seeds)} sequences went wrong; {seconds:.2f} s for each")
    return bad


def _one(folder: Path, seed: int) -> int:
    """Plays one sequence and says what happens; where something goes wrong, also with the fewest steps."""
    base = Fork(folder / "base")
    said, found = play(base, folder / "once", plan(seed))
    print(*said, *found, sep="\n")
    if found:
        said, found = play(base, folder / "least", shorter(base, folder / "tries", plan(seed)))
        print("\nthe fewest steps:", *said, *found, sep="\n")
    return len(found)


def main(words: Sequence[str]) -> int:
    """Plays seeds (`17`, or `0-99` for many); the exit code is 1 if anything went wrong."""
    first, many, last = words[0].partition("-")
    with _prepared() as folder:
        bad = _many(folder, range(int(first), int(last) + 1)) if many else _one(folder, int(first))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
