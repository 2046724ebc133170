"""A namespace with a few objects in it; what it holds, the configuration says."""

from typing import Any

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret

config = pulumi.Config()
RESOURCES = {"requests": {"cpu": "1000m", "memory": "1Gi"}}
"""The server writes the first of these as `1`."""


class Shop(pulumi.ComponentResource):
    """All of it."""

    def __init__(self, name: str) -> None:
        super().__init__("shop:index:Shop", name)
        provider = Provider(
            "work",
            kubeconfig=config.get_secret("kubeconfig") or "none",
            enable_secret_mutable=config.get_bool("mutable"),
            enable_patch_force=config.get_bool("force"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        inside = pulumi.ResourceOptions(parent=self, provider=provider)
        self.namespace = Namespace("space", metadata={"name": config.get("namespace") or "shop"}, opts=inside)
        place: Any = {"namespace": self.namespace.metadata.name}
        self.secret = Secret(
            "secret",
            metadata={"name": "secret", **place},
            string_data={"password": config.require_secret("password")},
            opts=inside,
        )
        self.deployment = Deployment(
            "deployment",
            metadata={"name": "deployment", **place},
            spec={
                "replicas": config.get_int("replicas") or 1,
                "selector": {"matchLabels": {"app": config.get("app") or "shop"}},
                "template": {
                    "metadata": {"labels": {"app": config.get("app") or "shop"}},
                    "spec": {
                        "containers": [{"name": "app", "image": "registry.invalid/app:1", "resources": RESOURCES}]
                    },
                },
            },
            opts=inside,
        )
        for index in range(config.get_int("widgets") or 0):
            CustomResource(
                f"widget-{index}",
                api_version="example.com/v1",
                kind="Widget",
                metadata={"name": f"widget-{index}", **place},
                spec={"size": config.get_int("size") or 1},
                opts=pulumi.ResourceOptions.merge(
                    inside,
                    pulumi.ResourceOptions(
                        protect=config.get_bool("protect"),
                        retain_on_delete=config.get_bool("retain"),
                        ignore_changes=["spec.size"] if config.get_bool("ignore") else None,
                    ),
                ),
            )
        if config.get_bool("last"):
            ConfigMap(
                "last",
                metadata={"name": "last", **place},
                data={"uid": self.deployment.metadata.uid},
                opts=inside,
            )
        self.register_outputs({"namespace": self.namespace.metadata.name})


shop = Shop("shop")
pulumi.export("namespace", shop.namespace.metadata.name)
pulumi.export("uid", shop.deployment.metadata.uid)
pulumi.export("password", config.require_secret("password"))
