"""What has to hold after any sequence of accidents, each sentence a thing that is wrong."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator

import yaml

from desired.core.errors import Problem
from desired.publish.verify import verify
from tests.support.accident_edits import BY_HAND
from tests.support.accident_model import Illegal, Replay, State, Step, of_files
from tests.support.accident_world import World
from tests.support.fork import git, image


def files_at(world: World, commit: str, folder: str) -> dict[str, bytes]:
    """The plain files below a folder at a commit of the remote."""
    words = ["git", "archive", commit, folder]
    packed = subprocess.run(words, cwd=world.fork.remote, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isfile()}  # type: ignore[union-attr]


def read(world: World, commit: str) -> State:
    """The state at a commit of the remote. Raises an exception for files that are not what they should be."""
    return of_files({path: text.decode() for path, text in files_at(world, commit, "releases").items()})


def state_at(world: World, commit: str) -> State:
    """The same, for people who look: where they cannot read it, they look at the first publishing."""
    try:
        return read(world, commit)
    except (subprocess.CalledProcessError, ValueError, KeyError, TypeError, AttributeError, IndexError, yaml.YAMLError):
        return read(world, world.start)


def settled(world: World, first: str) -> Iterator[str]:
    """One clone publishes, then everybody; after that nothing moves any more."""
    if (status := world.publish(first)) not in ("live", "unchanged"):
        yield f"{first} cannot publish: {status}"
    if world.tip("main") != world.tip("live"):
        yield f"after {first} published, main is not live"
    for name in world.names:
        if (status := world.publish(name)) not in ("live", "unchanged"):
            yield f"{name} cannot publish: {status}"
    for name in world.names:
        if (status := world.publish(name)) != "unchanged":
            yield f"{name} moves live though all have published: {status}"


def wrong(world: World) -> Iterator[str]:
    """What is wrong where nothing moves any more."""
    if not world.touched:
        yield from (f"nobody did this: {note}" for note in world.notes if "by hand to" in note)
    live = world.tip("live") or ""
    steps = _log(world, live)
    yield from _keys(world, [step.key for step in steps if step.key])
    yield from _releases(world, live, steps)
    yield from _manifests(world, live)
    yield from _documents(world, live)
    for name in (world.names[0], world.newcomer("plain")):
        publisher = world.publisher(name)
        publisher.head()
        try:
            yield from (f"verify by {name}: {each}" for each in verify(publisher).problems)
        except Problem as problem:
            yield f"verify by {name} ends: {problem}"
    yield from _next(world)


def _log(world: World, live: str) -> list[Step]:
    """The entries on the first parents of live, with their keys."""
    shown = [f"%(trailers:key=Desired-{name},valueonly,separator=)" for name in ("Operation", "Key")]
    form = "%x09".join((".", *shown, "%H"))
    listed = git(world.fork.remote, "log", "--first-parent", "--reverse", f"--format={form}", f"{world.start}..{live}")
    fields = [line.split("\t") for line in listed.splitlines()]
    return [Step(commit, key) for _, verb, key, commit in fields if verb]


def _keys(world: World, keys: list[str]) -> Iterator[str]:
    yield from (f"{key} is {count} times in the log" for key, count in Counter(keys).items() if count > 1)
    yield from (f"{key} is in the log, and nobody was told" for key in {*keys} - world.done - world.unknown)
    for key in sorted(world.done - {*keys}):
        # Where a branch was rewritten, two clones may have known two logs in which not everything fits.
        said = any(f"(key {key})" in note and " in the log: it is not legal" in note for note in world.notes)
        if not (world.forced and said):
            yield f"{key} was answered, and is not in the log"


def _releases(world: World, live: str, steps: list[Step]) -> Iterator[str]:
    found = read(world, live)
    newest = {step.commit: step.commit for step in steps}

    def within(commit: str) -> str:
        if commit in newest:
            return commit
        listed = git(world.fork.remote, "rev-list", "--first-parent", live, f"^{commit}").split()
        at = git(world.fork.remote, "rev-parse", f"{listed[-1]}^") if listed else live
        while at not in newest and at != world.start:
            at = git(world.fork.remote, "rev-parse", f"{at}^")
        return at

    moved = {
        step.key: list(read(world, step.commit)["preprod"].rollouts["from-staging"].members)
        for step in steps
        if step.key and world.asked[step.key]["verb"] == "promote"
    }
    replay = Replay(read(world, world.start), world.asked, within)
    try:
        replay.follow([Step(world.start, ""), *steps], moved)
    except (Illegal, KeyError) as error:
        yield f"the log holds what is not legal: {error!r}"
        return
    for name, place in replay.state.items():
        for field, want in vars(place).items():
            if (have := getattr(found.get(name), field, None)) != want:
                yield f"{name}: {field} should be {_short(want)}, and is {_short(have)}"
    if found.keys() != replay.state.keys():
        yield f"releases/ has {sorted(found)}"


def _short(value: object) -> str:
    return str(value).replace("registry.example.com/", "").replace("0" * 60, "")


def _manifests(world: World, live: str) -> Iterator[str]:
    """No manual edit is left, and the pods of staging and preprod have the images of the releases."""
    left = subprocess.run(["git", "grep", "-lI", BY_HAND, live, "--", "releases", "manifests"],
        cwd=world.fork.remote, capture_output=True, text=True, check=False).stdout  # fmt: skip
    yield from (f"a manual edit is left in {path}" for path in left.split())
    strange = git(world.fork.remote, "ls-tree", "-r", live, "--", "releases", "manifests").splitlines()
    yield from (f"a strange entry is left: {line}" for line in strange if not line.startswith("100644 blob"))
    for environment, place in state_at(world, live).items():
        made = files_at(world, live, f"manifests/{environment}-apps/apps")
        want = {f"{service}-{slot}": text for (service, slot), text in place.images.items()}
        pods = {path.split("/")[3]: text.decode() for path, text in made.items() if "/deployment-" in path}
        if pods.keys() != want.keys():
            yield f"{environment} runs {sorted(pods)}, and should run {sorted(want)}"
        yield from (
            f"the pods of {name} in {environment} have another image"
            for name in pods.keys() & want.keys()
            if want[name] not in pods[name]
        )


def _documents(world: World, live: str) -> Iterator[str]:
    listed = git(world.fork.remote, "ls-tree", "-r", live, "--", "docs").splitlines()
    there = {path: id_ for _, _, id_, path in (line.split(None, 3) for line in listed)}
    yield from (f"{path} is lost" for path, id_ in world.documents.items() if there.get(path) != id_)
    if not world.forced:
        yield from (f"{path} was deleted, and is there" for path in sorted(world.deleted & there.keys()))


def _next(world: World) -> Iterator[str]:
    """The next operation of anybody works."""
    build = {"image": image("catalog", 9), "commit": "9f3c2e1", "ref": "main"}
    name = world.names[len(world.said) % len(world.names)]
    specs_at = world.readable(name)
    asked = {"verb": "deploy", "environment": "staging", "services": {"catalog": build}, "specs_at": specs_at}
    world.intend(name, asked, "last")
    if not (said := world.perform(name, "last")).startswith("live"):
        yield f"the next operation, by {name}, is not done: {said}"
    elif world.tip("main") != world.tip("live"):
        yield "after the next operation main is not live"
