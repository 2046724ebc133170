"""The renderer as a child process: `python -m envs.render`. `desired/render/server.py` holds its contract."""

from desired.render import serve

if __name__ == "__main__":
    serve("envs.compose")
