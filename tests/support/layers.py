"""Who refuses a defect: the values, the rules, the checkers, or the API server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from pydantic import ValidationError

from constructs_lib.values import sentences
from testbed.api import Api, ApiError
from tests.support.checkers import NoSchema, checkov, schema_finding
from tests.support.defects import Defect
from tests.support.kube_score import kube_score
from tests.support.planted import Planted
from tests.support.words import word_finding

Object = dict[str, Any]
Remarks = Counter[tuple[str, str, tuple[str, ...]]]
_NEEDED = ("Namespace", "PriorityClass", "LimitRange", "ResourceQuota", "ServiceAccount")
_PREAMBLE = re.compile(r"^.*?(?: is invalid: |failed to create typed patch object \([^)]*\): )", re.S)
_POD_SECURITY = re.compile(r"^.*?(?=violates PodSecurity)", re.S)


def by_values(defect: Defect) -> str:
    """The first sentence of the values, where the defect can be said in one and is refused."""
    if defect.value is None:
        return ""
    try:
        defect.value()
    except ValidationError as refused:
        return sentences("it", refused)[0].removeprefix("it: ")
    return ""


def by_rules(planted: Planted) -> str:
    """The first sentence of the fleet rules, with the rule's id."""
    found = planted.findings()
    return f"{found[0].sentence} [{found[0].rule}]" if found else ""


def by_schema(changed: Iterable[Object]) -> str:
    """What Kubernetes' published schemas and lists of words say."""
    for each in changed:
        try:
            if found := schema_finding(each) or word_finding(each):
                return found
        except NoSchema:
            continue
    return ""


def remarks(program: Path, planted: Planted) -> Remarks:
    """What kube-score says of a cluster, however its objects are called."""
    return Counter((each.check, each.kind, each.said) for each in kube_score(program, planted.objects()))


def by_kube_score(program: Path, before: Remarks, planted: Planted) -> str:
    """What kube-score says of the cluster with the defect beyond what it said `before`, of the one without."""
    try:
        new = remarks(program, planted) - before
    except AssertionError as unreadable:
        return str(unreadable).strip().splitlines()[0]
    return next((f"{check}: {'; '.join(said)}" for check, _, said in new), "")


def by_checkov(sound: Planted, changed: dict[str, list[Object]]) -> dict[str, str]:
    """The first policy that each defect fails and the sound cluster does not; in one run, for checkov starts slowly."""
    with TemporaryDirectory() as work:
        folder = Path(work) / "objects"
        folder.mkdir()
        for number, objects in enumerate([list(sound.objects()), *changed.values()]):
            (folder / f"{number}.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
        report = checkov(folder, Path(work))
    before = {each.check for each in report.failed if each.path == "0.yaml"}
    found = dict.fromkeys(changed, "")
    for name, number in zip(changed, count(1), strict=False):
        new = sorted({each.check for each in report.failed if each.path == f"{number}.yaml"} - before)
        found[name] = new[0] if new else ""
    return found


def by_server(api: Api, changed: Iterable[Object]) -> str:
    """What the API server says against an object, or against the pod that a workload would make."""
    for each in changed:
        for item in (each, *_pods(each)):
            try:
                api.apply(item, dry_run=True)
            except ApiError as refused:
                return short(str(refused))
    return ""


def changed(sound: Planted, planted: Planted) -> list[Object]:
    """The objects that the defect changed or added."""
    before = list(sound.objects())
    return [each for each in planted.objects() if each not in before]


def prepare(api: Api, sound: Planted) -> None:
    """Applies what must be there before the server can judge the rest."""
    for kind in _NEEDED:
        for each in sound.objects():
            if each["kind"] == kind:
                api.apply(each)


def short(message: str) -> str:
    """The words of the server without the name of the object, which everybody knows here."""
    return " ".join(_POD_SECURITY.sub("", _PREAMBLE.sub("", message, count=1), count=1).split())


def _pods(workload: Object) -> Iterator[Object]:
    spec = workload.get("spec", {})
    template = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec).get("template")
    if workload["kind"] in ("Deployment", "StatefulSet", "CronJob") and template:
        meta = {**template["metadata"], "name": "defect", "namespace": workload["metadata"]["namespace"]}
        claims = [each["metadata"]["name"] for each in spec.get("volumeClaimTemplates", ())]
        bound = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims]
        pod = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), *bound]}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod}
