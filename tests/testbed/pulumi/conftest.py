"""Runs a small program with the stand-in, on an API server that is a dictionary."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.api import ApiError, Object, Ref, ServerAnswer
from testbed.pulumi.monitor import Monitor, RunFailed, run

KINDS = {"Namespace", "Secret", "Widget"}
PROGRAM = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace, Secret

config = pulumi.Config()
inside = pulumi.ResourceOptions(provider=Provider("cluster", kubeconfig=config.require_secret("kubeconfig")))
space = Namespace("space", metadata={"name": "shop"}, opts=inside)
after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[space]))
place = {"name": "one", "namespace": "shop"}
Secret("shop/one", metadata=place, string_data={"password": config.require_secret("password")}, opts=after)
of = space.id.apply(lambda name: f"of {name}")
size = config.require_int("size")
CustomResource("shop/one", "example.com/v1", "Widget", spec={"size": size, "of": of}, metadata=place, opts=after)
if other := config.get("other"):
    reference = pulumi.StackReference(f"organization/shop/{other}")
    pulumi.export("other", reference.require_output("size"))
if config.get("error"):
    raise pulumi.RunError(config.require("error"))
pulumi.log.warn("a warning")
pulumi.export("size", size)
pulumi.export("password", config.require_secret("password"))
"""
Up = Callable[..., Monitor]


class FakeApi:
    """An API server for `Objects`: it keeps what is applied, and refuses sizes above 9."""

    def __init__(self) -> None:
        self.objects: dict[Ref, Object] = {}
        self.applied: list[str] = []

    def get(self, ref: Ref) -> Object | None:
        if ref.kind not in KINDS:
            raise ApiError(404, f"the server has no {ref.kind}")
        return copy.deepcopy(self.objects.get(ref))

    def apply(self, item: Object, manager: str, dry_run: bool = False) -> ServerAnswer:
        if item.get("spec", {}).get("size", 0) > 9:
            raise ApiError(422, "spec.size must be at most 9")
        made = copy.deepcopy({**item, "status": {"seen": True}})
        made["metadata"]["uid"] = "from the server"
        if not dry_run:
            self.applied.append(item["kind"])
            self.objects[Ref.of(item)] = made
        return ServerAnswer(made, [])


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def stack(api: FakeApi, tmp_path: Path) -> Up:
    """Runs the program with these settings."""
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")

    def up(preview: bool = False, **settings: str) -> Monitor:
        def outputs_of(name: str) -> dict[str, object]:
            if name != "organization/shop/other":
                raise RunFailed(f"{name} has no outputs")
            return {"size": 7}

        monitor = Monitor(preview, outputs_of, lambda kubeconfig: api)  # type: ignore[arg-type, return-value]
        config = {"size": "1", "password": "correct-horse", "kubeconfig": "a kubeconfig", **settings}
        secret = ["shop:password", "shop:kubeconfig"]
        run(tmp_path, "shop", "dev", {f"shop:{key}": text for key, text in config.items()}, secret, monitor)
        return monitor

    return up
