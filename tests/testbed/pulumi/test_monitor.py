"""The stand-in runs a program, and does what it registers."""

import httpx
import pytest

from testbed.api import Ref
from testbed.pulumi.monitor import Monitor, RunFailed
from tests.testbed.pulumi.conftest import FakeApi, Up


def _changes(made: Monitor) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(step.action, step.kind, step.changed) for step in made.steps if step.action in ("create", "update")}


def test_up_creates_objects_in_the_order_of_their_dependencies(stack: Up, api: FakeApi) -> None:
    made = stack()
    assert _changes(made) == {("create", kind, ()) for kind in ("Namespace", "Secret", "Widget")}
    assert api.applied[0] == "Namespace"
    widget = next(item for ref, item in api.objects.items() if ref.kind == "Widget")
    assert widget["spec"] == {"size": 1, "of": "of space"}
    assert isinstance(widget["spec"]["size"], int)


def test_a_second_up_changes_nothing(stack: Up) -> None:
    stack()
    assert _changes(stack()) == set()


def test_a_preview_applies_nothing(stack: Up, api: FakeApi) -> None:
    assert _changes(stack(preview=True)) == {("create", kind, ()) for kind in ("Namespace", "Secret", "Widget")}
    assert (api.applied, api.objects) == ([], {})


def test_a_preview_compares_with_what_the_api_server_has(stack: Up, api: FakeApi) -> None:
    stack()
    assert _changes(stack(preview=True, size="3")) == {("update", "Widget", ("spec.size",))}
    del api.objects[next(ref for ref in api.objects if ref.kind == "Namespace")]
    assert ("update", "Widget", ("(known only during up)",)) in _changes(stack(preview=True))


def test_secrets_reach_the_api_server_and_are_hidden_in_outputs(stack: Up, api: FakeApi) -> None:
    made = stack()
    assert made.outputs == {"size": 1, "password": "[secret]"}
    secret = next(item for ref, item in api.objects.items() if ref.kind == "Secret")
    assert secret["stringData"] == {"password": "correct-horse"}
    assert "correct-horse" not in str(made.steps)


def test_outputs_of_another_stack_are_read(stack: Up) -> None:
    assert stack(other="other").outputs["other"] == 7
    with pytest.raises(RunFailed, match="organization/shop/missing has no outputs"):
        stack(other="missing")


def test_a_refused_object_ends_the_run_with_the_servers_words(stack: Up, api: FakeApi) -> None:
    said = "Widget/one in shop: the API server refused it: spec.size must be at most 9"
    with pytest.raises(RunFailed, match=said):
        stack(size="10")
    assert "Widget" not in api.applied


def test_an_unreachable_api_server_ends_the_run(stack: Up, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ref: Ref) -> None:
        raise httpx.ConnectError("connection refused")

    monkeypatch.setattr(api, "get", broken)
    with pytest.raises(RunFailed, match="Namespace/shop: cannot reach the API server: connection refused; try again"):
        stack()


def test_an_error_of_the_program_is_one_sentence(stack: Up) -> None:
    with pytest.raises(RunFailed, match=r"^ops is not ready$"):
        stack(error="ops is not ready")


def test_warnings_of_the_program_are_kept(stack: Up) -> None:
    assert stack().warnings == ["a warning"]
