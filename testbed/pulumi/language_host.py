"""Runs a Pulumi program as Pulumi's language host for Python does. A program of its own: it imports nothing of ours."""

import argparse
import asyncio
import ctypes
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pulumi
import pulumi.runtime

_SHOWN = 32
"""The exit code that says: people were told what is wrong."""
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Runs the program; its exit code. Errors go to the engine's log."""
    options = _options()
    _die_with(options.parent)
    config, secret = pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    pulumi.runtime.set_all_config(config, secret)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=options.monitor,
            engine=options.engine,
            project=options.project,
            stack=options.stack,
            parallel=options.parallel,
            dry_run=options.dry_run,
            organization="organization",
            root_directory=options.program,
        )
    )
    sys.argv = [options.program]
    os.chdir(options.program)
    return _run(options.program, options.parallel)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "project", "stack", "program"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    return parser.parse_args()


def _die_with(parent: int) -> None:
    """The program must not go on registering resources when the monitor was killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _run(program: str, parallel: int) -> int:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    # A failed program leaves futures that nobody awaits: asyncio would report each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _program(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _traceback(program))
        return _SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _program(path: str) -> None:
    runpy.run_path(path, run_name="__main__")


def _traceback(program: str) -> str:
    """That of the error, from the first line of the program on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    main_file = os.path.join(os.path.abspath(program), "__main__.py")
    for index, frame in enumerate(frames):
        if os.path.abspath(frame.filename) == main_file:
            return traceback.format_exc(limit=-(len(frames) - index))
    return traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main())
