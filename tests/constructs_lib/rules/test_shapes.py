"""A malformed object is one sentence, never a traceback, whatever the other rules would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.planted import Planted

Plant = Callable[[Planted], object]


def spec(it: Planted, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = it.one(kind, name)["spec"]
    return found


CASES: dict[str, tuple[str, str, Plant]] = {
    "no template": ("web", "spec has no template", lambda it: spec(it, "Deployment", "web-blue").pop("template")),
    "no spec": ("web", "it has no spec", lambda it: it.one("Deployment", "web-blue").pop("spec")),
    "containers that are text": (
        "web", "containers must be a list, got 'x'", lambda it: it.pod("web-blue").update(containers="x"),
    ),
    "a container without a name": (
        "web", "spec.template.spec.containers.0 has no name", lambda it: it.main("web-blue").pop("name"),
    ),
    "a variable that is a number": (
        "web", "env.0.value must be a string, got '1'",
        lambda it: it.main("web-blue")["env"].insert(0, {"name": "A", "value": 1}),
    ),
    "a port that is text": (
        "rpc", "ports.0.port must be a whole number",
        lambda it: spec(it, "Service", "rpc-blue")["ports"][0].update(port="a"),
    ),
    "replicas that are a truth": (
        "mailer", "replicas must be a whole number, got 'True'",
        lambda it: spec(it, "Deployment", "mailer").update(replicas=True),
    ),
    "a label that is a number": (
        "web", "metadata.labels.a must be a string",
        lambda it: it.one("Deployment", "web-blue")["metadata"]["labels"].update(a=1),
    ),
    "labels that are nothing": (
        "web", "labels must be a mapping, got 'None'",
        lambda it: it.one("Deployment", "web-blue")["metadata"].update(labels=None),
    ),
    "an object of the platform": (
        "Gateway/external", "has no listeners", lambda it: spec(it, "Gateway", "external").pop("listeners"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_malformed_object_is_named_with_its_path(planted: Planted, case: str) -> None:
    subject, words, plant = CASES[case]
    plant(planted)
    (finding,) = planted.findings()
    assert (finding.rule, finding.subject) == ("well-formed", subject)
    assert words in finding.sentence


JSON = st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=3), st.just([]), st.just({}))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in ((*path, key), *paths(item, (*path, key)))]


@settings(max_examples=200)
@given(data=st.data())
def test_rules_survive_whatever_a_patch_writes(good: Planted, data: st.DataObject) -> None:
    it = good.copy()
    objects = [each for each in it.objects() if each["kind"] not in ("Kustomization", "HelmRelease")]
    each = data.draw(st.sampled_from(objects))
    *way, last = data.draw(st.sampled_from(paths(each)))
    inside: Any = each
    for step in way:
        inside = inside[step]
    if data.draw(st.booleans()):
        inside[last] = data.draw(JSON)
    else:
        del inside[last]
    assert all(finding.sentence.startswith(finding.subject) for finding in it.findings())
