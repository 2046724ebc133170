"""The small command that lets a service run for the first time."""

from __future__ import annotations

import pytest

from tests.support.fleet import IMAGE
from tests.support.repository import Repository

COMMAND = "constructs_lib.synth.first_release"


def test_where_apps_is_followed_the_spec_stays_there(repo: Repository) -> None:
    repo.service("newcomer")
    repo.release("first", "newcomer")
    assert "spec" not in repo.tree("releases")["first/newcomer.yaml"]


def test_elsewhere_the_spec_is_written_out(repo: Repository) -> None:
    repo.release("second", "caller")
    text = repo.tree("releases")["second/caller.yaml"]
    assert "    spec:\n      schema: 1\n      name: caller\n" in text
    assert "replicas" not in text, "defaults are not written"
    assert repo.synth().returncode == 0


REFUSED = {
    "an unknown environment": (["-e", "nowhere", f"caller={IMAGE}"], "there is no environment 'nowhere'"),
    "an unknown service": (["-e", "second", f"nobody={IMAGE}"], "there is no service 'nobody' in apps/"),
    "a release that is there": (["-e", "first", f"caller={IMAGE}"], "is there already"),
    "a tag": (["-e", "second", "caller=registry.example.com/caller:latest"], "image must be an image by digest"),
    "no image": (["-e", "second", "caller"], "must be SERVICE=IMAGE, got 'caller'"),
    "a path": (["-e", "second", f"../caller={IMAGE}"], "there is no service '../caller'"),
    "one of two": (["-e", "second", f"caller={IMAGE}", f"nobody={IMAGE}"], "there is no service 'nobody'"),
    "a commit that is none": (["-e", "second", "--commit", "main", f"caller={IMAGE}"], "commit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_and_nothing_is_written(name: str, repo: Repository) -> None:
    words, said = REFUSED[name]
    before = repo.tree("releases")
    done = repo.run(COMMAND, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert repo.tree("releases") == before
