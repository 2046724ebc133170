"""Running the fleet: what may be done to an environment, kept in Git, one commit for each operation."""

__version__ = "0.2.0"
"""The version of the wheel, as in `pyproject.toml`."""
