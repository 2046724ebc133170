"""The program that `pulumi up` runs, once for each stack."""

import os
import sys
from pathlib import Path

# Pulumi runs this folder as a script, not as a package, and the program reads files from the repository's root.
FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path[:] = [str(ROOT), *(path for path in sys.path if Path(path or ".").resolve() != FOLDER)]
os.chdir(ROOT)

import pulumi  # noqa: E402

from constructs_lib.values import Problem  # noqa: E402
from desired.render.fleet import load_environments, load_services  # noqa: E402
from stacks.resources.program import run  # noqa: E402


async def _main() -> pulumi.Inputs:
    try:
        return dict(await run(pulumi.get_stack(), load_environments("envs"), load_services("apps")))
    except Problem as problem:
        raise pulumi.RunError(str(problem)) from None


pulumi.run(_main)
