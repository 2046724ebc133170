"""What else a program may ask for: another stack, objects of others, aliases, two clusters."""

from typing import Any

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace

config = pulumi.Config()
Options = pulumi.ResourceOptions

if reference := config.get("reference"):
    other = pulumi.StackReference(reference)
    pulumi.export("namespace", other.require_output("namespace"))
    pulumi.export("password", other.require_output("password"))

if config.get("read"):
    found = Namespace.get("found", config.require("read"))
    pulumi.export("found", found.metadata.uid)

if config.get("named"):
    old = config.get("was")
    aliases = [pulumi.Alias(name=old)] if old else None
    Namespace(config.require("named"), metadata={"name": "named"}, opts=Options(aliases=aliases))

if kubeconfig := config.get("kubeconfig"):
    cluster = Provider("cluster", kubeconfig=kubeconfig)
    space = Namespace("space", metadata={"name": "space"}, opts=Options(provider=cluster))
    spec: Any = {"of": space.metadata.uid}
    metadata: Any = {"name": "it", "namespace": space.metadata.name}
    options = Options(
        provider=cluster,
        deleted_with=space if config.get_bool("with") else None,
        replace_on_changes=["spec.label"],
        delete_before_replace=config.get_bool("first"),
    )
    spec["label"] = config.get("label") or "a"
    widget: Any = CustomResource("it", "example.com/v1", "Widget", spec=spec, metadata=metadata, opts=options)
    pulumi.export("of", widget.metadata.apply(lambda m: m.get("uid")))
