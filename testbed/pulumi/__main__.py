"""`python -m testbed.pulumi`: the commands of `pulumi` that `make stack` and `make stack-up` use.

Secrets are made up once, and kept beside the outputs. If `make cluster` runs a cluster with the name of the stack, the
database goes there, because a machine in memory runs no Kubernetes.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from stacks.resources.settings import MANAGEMENT, PROJECT

from ..shop import KUBECONFIGS, ROOT
from .monitor import Monitor, Outputs, RunFailed, run
from .plan import as_json, tree

FOLDER = ROOT / ".scratch" / "stacks"
"""The folder of the outputs and the made-up secrets."""
_STACKS = ROOT / "stacks"
_COMMANDS = (["preview"], ["up"], ["stack", "output"])
_SECRETS = ("gitPassword", "receiverToken", "alertAddress", "databaseSeed", "backupKeyId", "backupKey")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command, and returns its exit code."""
    options = _options(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if options.command == ["stack", "output"]:
            print(json.dumps(outputs(options.stack)))
            return 0
        return _run(options.stack, options.command == ["preview"], options.json)
    except RunFailed as failed:
        print(f"error: {failed}", file=sys.stderr)
        return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testbed.pulumi", description=__doc__)
    parser.add_argument("command", nargs="+", help="preview, up, or stack output")
    parser.add_argument("-s", "--stack", required=True, help="such as staging-ops")
    parser.add_argument("--json", action="store_true", help="print JSON")
    for option in ("--yes", "--non-interactive", "--refresh"):
        parser.add_argument(option, action="store_true", help="always on; accepted because pulumi has it")
    parser.add_argument("--color", help="accepted because pulumi has it")
    options = parser.parse_args(arguments)
    if options.command not in _COMMANDS:
        parser.error(f"the stand-in has no command {' '.join(options.command)!r}; install pulumi")
    return options


def _run(stack: str, preview: bool, as_data: bool) -> int:
    plain, secret = settings(stack), made_up(stack)
    config = {f"{PROJECT}:{key}": text for key, text in (plain | secret).items()}
    monitor = Monitor(preview, lambda name: outputs(name.rpartition("/")[2]))
    try:
        run(_STACKS / "resources", PROJECT, stack, config, [f"{PROJECT}:{key}" for key in secret], monitor)
    finally:
        if as_data:
            print(json.dumps({"steps": as_json(monitor.steps), "outputs": monitor.outputs}, indent=2))
        else:
            Console(highlight=False, soft_wrap=True).print(tree(monitor.steps, done=not preview))
        for warning in monitor.warnings:
            print(f"warning: {warning}", file=sys.stderr if as_data else sys.stdout)
    if not preview:
        _file(stack).write_text(json.dumps(monitor.outputs), encoding="utf-8")
    return 0


def settings(stack: str) -> dict[str, str]:
    """The settings in `Pulumi.<stack>.yaml`, without those that the real `pulumi` has encrypted."""
    path = _STACKS / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    found: Mapping[str, Any] = (content or {}).get("config", {})
    return {
        key.removeprefix(f"{PROJECT}:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in found.items()
        if not (isinstance(value, dict) and "secure" in value)
    }


def made_up(stack: str) -> dict[str, str]:
    """Secrets for a stack of a cluster: the same in every run."""
    if stack == MANAGEMENT:
        return {}
    file = FOLDER / f"{stack}.secrets.json"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({key: secrets.token_hex(16) for key in _SECRETS}), encoding="utf-8")
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    kubeconfig = KUBECONFIGS / stack
    return found | ({"kubeconfig": kubeconfig.read_text(encoding="utf-8")} if kubeconfig.exists() else {})


def outputs(stack: str) -> Outputs:
    """The outputs of the last `up` of a stack. Raises RunFailed."""
    if not _file(stack).exists():
        raise RunFailed(f"the stack {stack} has no outputs; bring it up first")
    found: Outputs = json.loads(_file(stack).read_text(encoding="utf-8"))
    return found


def _file(stack: str) -> Path:
    return FOLDER / f"{stack}.json"


if __name__ == "__main__":
    sys.exit(main())
