"""`python -m testbed.pulumi`: those words of the `pulumi` command that `make stack` uses, for tests and demonstration.

Secrets that nobody set are made up once and kept beside the states. Where `make cluster` runs a cluster of the stack's
name, it stands for the one that the stack makes: the API servers of machines in memory know nothing but machines.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from rich.console import Console

from stacks.settings import MANAGEMENT, PROJECT

from ..shop import KUBECONFIGS, ROOT
from .outcome import Failed, Outcome
from .stack import Stack
from .tree import as_json, tree

FOLDER = ROOT / ".scratch" / "stacks"
"""Where the states lie."""
_PROGRAM = ROOT / "stacks"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    options = _options(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    stack = Stack(
        options.stack,
        _PROGRAM,
        FOLDER,
        config=settings(options.stack),
        secrets=_made_up(options.stack),
        project=PROJECT,
    )
    if options.words == ["stack", "output"]:
        print(json.dumps(stack.outputs()))
        return 0
    return _run(stack, options.words[0], options.json, options.refresh)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testbed.pulumi", description=__doc__)
    parser.add_argument("words", nargs="+", help="preview, up, refresh, destroy, or stack output")
    parser.add_argument("-s", "--stack", required=True)
    for ignored in ("--yes", "--non-interactive"):
        parser.add_argument(ignored, action="store_true", help="as always here")
    parser.add_argument("--color", help="as the terminal can, always")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--refresh", action="store_true", help="look at the clusters first")
    options = parser.parse_args(arguments)
    if options.words not in (["preview"], ["up"], ["refresh"], ["destroy"], ["stack", "output"]):
        parser.error(f"there is no {' '.join(options.words)!r}; there are preview, up, refresh, destroy, stack output")
    return options


def settings(stack: str) -> Mapping[str, Any]:
    """What `Pulumi.<stack>.yaml` says; what is secret there was encrypted by the engine of record, and is left out."""
    path = _PROGRAM / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        return {}
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config", {})
    return {key: value for key, value in found.items() if not (isinstance(value, dict) and "secure" in value)}


def _made_up(stack: str) -> dict[str, str]:
    if stack == MANAGEMENT:
        return {}
    file = FOLDER / f"{stack}.secrets.json"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({key: secrets.token_hex(16) for key in _SECRETS}), encoding="utf-8")
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    standing_for = KUBECONFIGS / stack
    return found | ({"kubeconfig": standing_for.read_text(encoding="utf-8")} if standing_for.exists() else {})


_SECRETS = ("gitPassword", "receiverToken", "alertAddress", "databaseSeed", "backupKeyId", "backupKey")


def _run(stack: Stack, task: str, as_data: bool, refresh: bool) -> int:
    console = Console(highlight=False, soft_wrap=True)
    code = 0
    try:
        done = _done(stack, task, refresh)
    except Failed as failed:
        done, code = failed.outcome, 1
        print(failed, file=sys.stderr)
    if as_data:
        print(json.dumps(as_json(done), indent=2))
    else:
        console.print(tree(done, done=task != "preview"))
    return code


def _done(stack: Stack, task: str, refresh: bool) -> Outcome:
    if task == "up":
        return stack.up(refresh)
    if task == "preview":
        return stack.preview(refresh)
    return stack.refresh() if task == "refresh" else stack.destroy()


if __name__ == "__main__":
    sys.exit(main())
