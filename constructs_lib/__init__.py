"""The public values of the library, for services and environments. Importing this never starts node."""

from . import _moved, values
from .units import Component
from .values import *  # noqa: F403

__all__ = ["Component"]
__all__ += values.__all__

_moved.install()
