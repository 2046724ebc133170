"""Writes the first release of services in an environment: `python -m constructs_lib.synth.first_release`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from ..release import Release
from ..values import Problem, Service, sentences
from . import yaml
from .fleet import load_environments, load_services


def first_releases(
    root: Path, environment: str, images: dict[str, str], *, commit: str | None, ref: str, now: datetime
) -> list[Path]:
    """Write `releases/<environment>/<service>.yaml` for each service and its image; all of them or none.

    Raises Problem for an unknown environment or service, an image without digest, or a release that exists.
    """
    environments = load_environments()
    if environment not in environments:
        raise Problem(f"there is no environment {environment!r}; there are {', '.join(environments)}")
    services = load_services()
    files: dict[Path, str] = {}
    problems: list[str] = []
    for name, image in images.items():
        file = root / "releases" / environment / f"{name}.yaml"
        if name not in services:
            problems.append(f"there is no service {name!r} in apps/; there are {', '.join(sorted(services))}")
        elif file.exists():
            problems.append(f"{file.relative_to(root)}: is there already; deploy a version instead of a first one")
        else:
            spec = None if environments[environment].follows_apps else services[name]
            try:
                files[file] = _text(image, commit, ref, spec, now)
            except ValidationError as error:
                problems.extend(sentences(name, error))
    if problems:
        raise Problem(*problems)
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return list(files)


def _text(image: str, commit: str | None, ref: str, spec: Service | None, now: datetime) -> str:
    built = {key: value for key, value in (("commit", commit), ("ref", ref)) if value}
    written = {"spec": spec.written()} if spec else {}
    version = {"image": image, **built, "since": now.strftime("%Y-%m-%dT%H:%M:%SZ"), **written}
    data = {"schema": 1, "stable": "blue", "slots": {"blue": version}}
    Release.model_validate(data)
    return yaml.dump(data)


def main(words: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="first_release",
        description="Let services run in an environment for the first time.",
        epilog="example: first_release -e staging checkout=ghcr.io/acme/checkout@sha256:…",
    )
    parser.add_argument("images", nargs="+", metavar="SERVICE=IMAGE", help="a service of apps/ and its image by digest")
    parser.add_argument("-e", "--environment", required=True, help="an environment of envs/")
    parser.add_argument("--commit", help="the commit that the images were built from")
    parser.add_argument("--ref", default="", help="the branch or tag that they were built from")
    given = parser.parse_args(words)
    try:
        images = dict(_pair(each) for each in given.images)
        written = first_releases(
            Path.cwd(), given.environment, images, commit=given.commit, ref=given.ref, now=datetime.now(UTC)
        )
    except Problem as problem:
        for sentence in problem.sentences:
            print(f"✗ {sentence}", file=sys.stderr)
        return 1
    for file in written:
        print(f"wrote {file.relative_to(Path.cwd())}")
    print("Now run `make synth`, and commit releases/ and manifests/ together.")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, image = text.partition("=")
    if not equals:
        raise Problem(f"must be SERVICE=IMAGE, got {text!r}")
    return name, image


if __name__ == "__main__":
    sys.exit(main())
