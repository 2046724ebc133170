"""Programs that go wrong, each in its way; the configuration chooses."""

import os
import sys
import time

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

how = pulumi.Config().require("how")
Namespace("space", metadata={"name": "shop"})

if how == "sentence":
    raise pulumi.RunError("staging: ops is not Available yet; run up again later")
if how == "exception":
    raise ValueError("what nobody expected")
if how == "exit":
    pulumi.log.error("told by the program itself")
    sys.exit(3)
if how == "late":
    time.sleep(60)
if how == "silent":
    os._exit(7)
if how == "unnamed":
    ConfigMap("unnamed", data={})
if how == "twice":
    Namespace("space", metadata={"name": "other"})
if how == "import":
    Namespace("imported", metadata={"name": "other"}, opts=pulumi.ResourceOptions(import_="other"))
if how == "said":
    print("a line of the program")
    pulumi.log.info("told")
    pulumi.log.warn("warned of correct-horse")
