"""Alerts, tried with promtool: what each needs in order to fire, and what it must not fire for."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Rule = dict[str, Any]
_STEP_SECONDS = 30

HEALTHY = {
    **{
        f'controller_runtime_max_concurrent_reconciles{{controller="{controller}"}}': "4x400"
        for controller in ("gitrepository", "kustomization", "helmrelease", "receiver")
    },
    'controller_runtime_reconcile_total{controller="gitrepository",result="requeue_after"}': "0+1x400",
    'gotk_reconcile_duration_seconds_count{kind="Kustomization",name="apps-cart"}': "0+1x400",
    'gotk_resource_info{customresource_kind="Kustomization",name="apps-cart",ready="True"}': "1x400",
}
"""Series of a cluster that follows Git, by promtool's notation: one value each 30 seconds."""


class Trouble(NamedTuple):
    """One thing that goes wrong with Flux."""

    alert: str
    """The alert that must fire; all others must not."""
    series: dict[str, str]
    """What is otherwise than in `HEALTHY`; an empty text: it is gone."""
    minutes: int
    """When it fires at the latest."""
    labels: dict[str, str]
    """What the alert names, beside the rule's own labels."""
    quiet_minutes: int = 4
    """Until then nothing fires."""


_FAILS = 'gotk_resource_info{customresource_kind="Kustomization",name="apps-cart",ready="False"}'
_PAUSED = 'gotk_resource_info{customresource_kind="Kustomization",name="apps-cart",ready="True",suspended="true"}'
_CART = {"customresource_kind": "Kustomization", "name": "apps-cart"}
TROUBLES = {
    "a controller is gone": Trouble(
        "FluxControllerIsDown",
        {'controller_runtime_max_concurrent_reconciles{controller="kustomization"}': ""},
        6,
        {"controller": "kustomization"},
    ),
    "Git cannot be pulled": Trouble(
        "FluxDoesNotPull",
        {'controller_runtime_reconcile_total{controller="gitrepository",result="requeue_after"}': "7x400"},
        11,
        {},
    ),
    "a Kustomization is not looked at": Trouble(
        "FluxDoesNotReconcile",
        {'gotk_reconcile_duration_seconds_count{kind="Kustomization",name="apps-cart"}': "7x400"},
        16,
        {"name": "apps-cart"},
    ),
    "a Kustomization fails": Trouble("FluxCannotReconcile", {_FAILS: "1x400"}, 6, _CART),
    "a Kustomization is suspended": Trouble("FluxIsSuspended", {_PAUSED: "1x400"}, 62, _CART, 59),
}


def unit_tests(rules: list[Rule], troubles: dict[str, Trouble], rule_file: Path) -> str:
    """The file for `promtool test rules`."""
    return yaml.safe_dump(
        {
            "rule_files": [str(rule_file)],
            "evaluation_interval": f"{_STEP_SECONDS}s",
            "tests": [_test("healthy", HEALTHY, [_silence(rules, 120)])]
            + [_test(name, HEALTHY | each.series, _when(rules, each)) for name, each in troubles.items()],
        }
    )


def selectors(rules: list[Rule]) -> list[tuple[str, dict[str, str]]]:
    """All metrics that the rules read, with the labels that they ask for."""
    found = [re.findall(r"([a-z_]+)\{([^}]*)\}", rule["expr"]) for rule in rules]
    return [(metric, labels(text)) for each in found for metric, text in each]


def labels(text: str) -> dict[str, str]:
    """What stands between a metric's braces."""
    return dict(re.findall(r'(\w+)="([^"]*)"', text))


def exposed(text: str) -> list[tuple[str, dict[str, str]]]:
    """The series that a program exposes."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    matches = [re.match(r"([a-zA-Z_:]+)(?:\{(.*)\})? ", line) for line in lines]
    return [(match[1], labels(match[2] or "")) for match in matches if match]


def rule_file(folder: Path, spec: dict[str, Any]) -> Path:
    """The rules of a PrometheusRule as Prometheus reads them."""
    file = folder / "rules.json"
    file.write_text(json.dumps(spec), encoding="utf-8")  # JSON is YAML
    return file


def _test(name: str, series: dict[str, str], alerts: list[list[dict[str, Any]]]) -> dict[str, Any]:
    inputs = [{"series": key, "values": values} for key, values in series.items() if values]
    flat = [each for several in alerts for each in several]
    return {"name": name, "interval": f"{_STEP_SECONDS}s", "input_series": inputs, "alert_rule_test": flat}


def _silence(rules: list[Rule], minutes: int) -> list[dict[str, Any]]:
    names = dict.fromkeys(rule["alert"] for rule in rules)
    return [{"eval_time": f"{minutes}m", "alertname": name, "exp_alerts": []} for name in names]


def _when(rules: list[Rule], trouble: Trouble) -> list[list[dict[str, Any]]]:
    fired = {
        "eval_time": f"{trouble.minutes}m",
        "alertname": trouble.alert,
        "exp_alerts": [_fired(rule, trouble) for rule in rules if _about(rule, trouble)],
    }
    others = [each for each in _silence(rules, trouble.minutes) if each["alertname"] != trouble.alert]
    return [_silence(rules, trouble.quiet_minutes), [fired], others]


def _about(rule: Rule, trouble: Trouble) -> bool:
    wanted = trouble.labels.get("controller", "")
    return rule["alert"] == trouble.alert and f'controller="{wanted}' in rule["expr"] + 'controller="'


def _fired(rule: Rule, trouble: Trouble) -> dict[str, Any]:
    summary = rule["annotations"]["summary"]
    for name, value in trouble.labels.items():
        summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
    return {"exp_labels": rule["labels"] | trouble.labels, "exp_annotations": {"summary": summary}}
