"""The vocabulary of the fleet: what a microservice is, and where it runs. Importing this never starts node."""

from .values import *  # noqa: F403
from .values import __all__ as __all__
