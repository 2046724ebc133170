"""The renderer as a child process: `python -m envs.render`. See `constructs_lib/synth/renderer.py` for the contract."""

from constructs_lib.synth.fleet import load_environments
from constructs_lib.synth.renderer import serve, stdin_stdout

from .compose import components

if __name__ == "__main__":
    requests, out = stdin_stdout()
    serve(load_environments(), components, requests, out)
