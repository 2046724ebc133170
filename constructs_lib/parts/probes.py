"""Builds the startup, readiness and liveness probes of a container."""

from __future__ import annotations

from ..values import Port, Probe, Problem, Service
from ..values.base import shown
from ..values.data import Json

_SOONEST = {"period_seconds": 5, "timeout_seconds": 2, "failures": 3, "delay_seconds": 0}
_TUNING = {
    "startup": {**_SOONEST, "period_seconds": 2, "failures": 60},
    "readiness": _SOONEST,
    "liveness": {"period_seconds": 20, "timeout_seconds": 5, "failures": 6, "delay_seconds": 0},
}


def probes(service: Service) -> Json:
    """Return the three probes of a service, with defaults for those that it does not define.

    By default, readiness checks that the first port is open. Startup makes the readiness check with more time.
    Liveness checks less often, and only that the first port is open: a dependency that is down must not restart the
    pod. Raises Problem if readiness and liveness are identical.
    """
    opened = Probe.tcp() if service.ports else None
    readiness = service.readiness or opened
    asked = {
        "startup": service.startup or readiness,
        "readiness": readiness,
        "liveness": service.liveness or opened,
    }
    made = {what: probe_spec(what, probe, service.ports) for what, probe in asked.items() if probe}
    if "liveness" in made and made["liveness"] == made["readiness"]:
        raise Problem(
            f"{service.name}: readiness and liveness come out identical, got {shown(made['liveness'])}: a busy pod "
            f"would be restarted instead of spared; give liveness more failures"
        )
    return {f"{what}Probe": spec for what, spec in made.items()}


def probe_spec(what: str, probe: Probe, ports: tuple[Port, ...]) -> Json:
    """Return one probe with the field names of Kubernetes. `what` selects its default timing."""
    tuning = _TUNING[what]
    timing = {
        "periodSeconds": probe.period_seconds or tuning["period_seconds"],
        "timeoutSeconds": probe.timeout_seconds or tuning["timeout_seconds"],
        "failureThreshold": probe.failures or tuning["failures"],
    }
    delay = probe.delay_seconds or tuning["delay_seconds"]
    return {**_question(probe, ports), **timing, **({"initialDelaySeconds": delay} if delay else {})}


def _question(probe: Probe, ports: tuple[Port, ...]) -> Json:
    if probe.kind == "exec":
        return {"exec": {"command": list(probe.command)}}
    port = next(port for port in ports if probe.port in (None, port.name))
    if probe.kind == "http":
        return {"httpGet": {"path": probe.path, "port": port.name}}
    if probe.kind == "grpc":
        # Kubernetes accepts only a port number here, not a name.
        return {"grpc": {"port": port.number, **({"service": probe.service} if probe.service else {})}}
    return {"tcpSocket": {"port": port.name}}
