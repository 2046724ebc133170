"""The frozen values that describe services, environments and releases. Each checks itself when it is made.

Nothing here starts node.
"""

from .base import SCHEMA, Problem, Value
from .container import Claim, Config, ConfigKey, Container, FieldOf, Port, Public, Secret, SecretKey, Volume
from .database_class import Backups, DatabaseClass, Pooler
from .environment import (
    Cluster,
    Environment,
    Exemption,
    Gate,
    Git,
    Override,
    Quota,
    Reference,
    Role,
)
from .mistakes import sentences, unknown_field, validated
from .pair import Pair, Pool
from .probes import Probe
from .release import Pin, Release, Rollout, Slot, Version
from .resources import Resources, amount
from .scale import Metric, Scale
from .service import Database, Patch, Schedule, Service
from .traffic import Dependency, ExternalRoute, Match, Metrics, Outside, Permission, Retries, Route, Shutdown

__all__ = [
    "SCHEMA",
    "Backups",
    "Claim",
    "Cluster",
    "Config",
    "ConfigKey",
    "Container",
    "Database",
    "DatabaseClass",
    "Dependency",
    "Environment",
    "Exemption",
    "ExternalRoute",
    "FieldOf",
    "Gate",
    "Git",
    "Match",
    "Metric",
    "Metrics",
    "Outside",
    "Override",
    "Pair",
    "Patch",
    "Permission",
    "Pin",
    "Pool",
    "Pooler",
    "Port",
    "Probe",
    "Problem",
    "Public",
    "Quota",
    "Reference",
    "Release",
    "Resources",
    "Retries",
    "Role",
    "Rollout",
    "Route",
    "Scale",
    "Schedule",
    "Secret",
    "SecretKey",
    "Service",
    "Shutdown",
    "Slot",
    "Value",
    "Version",
    "Volume",
    "amount",
    "sentences",
    "unknown_field",
    "validated",
]
