"""What a caller may say: frozen values that check themselves when made. Nothing here starts node."""

from .base import SCHEMA, Problem, Value
from .container import (
    Claim,
    Config,
    ConfigKey,
    Container,
    FieldOf,
    Port,
    Public,
    Secret,
    SecretKey,
    Volume,
)
from .mistakes import sentences, unknown_field
from .probes import Probe
from .resources import Resources, amount
from .scale import Metric, Scale
from .service import Database, Patch, Schedule, Service
from .traffic import (
    Dependency,
    ExternalRoute,
    Match,
    Metrics,
    Outside,
    Permission,
    Retries,
    Route,
    Shutdown,
)

__all__ = [
    "SCHEMA",
    "Claim",
    "Config",
    "ConfigKey",
    "Container",
    "Database",
    "Dependency",
    "ExternalRoute",
    "FieldOf",
    "Match",
    "Metric",
    "Metrics",
    "Outside",
    "Patch",
    "Permission",
    "Port",
    "Probe",
    "Problem",
    "Public",
    "Resources",
    "Retries",
    "Route",
    "Scale",
    "Schedule",
    "Secret",
    "SecretKey",
    "Service",
    "Shutdown",
    "Value",
    "Volume",
    "amount",
    "sentences",
    "unknown_field",
]
