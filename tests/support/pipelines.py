"""What must hold for the pipelines: functions from the data of one to sentences about its breaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from constructs_lib import Environment
from desired.render.fleet import load_environments
from tests.support.repository import ROOT

Json = dict[str, Any]
GITHUB, GITLAB = ".github/workflows/platform.yml", ".gitlab-ci.yml"
WORDS = ("image", "stages", "workflow", "default", "variables", "include")
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
SAME_PROJECT = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"


def environments() -> list[Environment]:
    return [each for each in load_environments("envs").values() if each.pair]


def names() -> list[str]:
    return [each.name for each in environments()]


def jobs(data: Json) -> Json:
    """The jobs; those of GitLab with what they extend."""
    if "jobs" in data:
        found: Json = data["jobs"]
        return found
    listed = {name: each for name, each in data.items() if name not in WORDS and not name.startswith(".")}
    return {name: extended(data, each) for name, each in listed.items()}


def extended(data: Json, job: Json) -> Json:
    bases = job.get("extends", [])
    found: Json = {}
    for base in [bases] if isinstance(bases, str) else bases:
        found |= extended(data, data[base])
    return found | job


def commands(job: Json) -> list[str]:
    steps = [step["run"] for step in job.get("steps", []) if "run" in step]
    return [*steps, *job.get("before_script", []), *job.get("script", [])]


def triggers(data: Json) -> Json:
    # YAML 1.1 reads `on` as true.
    found: Json = data.get("on") or data.get(True)  # type: ignore[call-overload]
    return found


def stack(job: Json) -> str:
    """What a job brings up: `ops`, `apps`, `management`, or nothing."""
    said = " ".join(commands(job))
    role = re.search(r"make stack-up .*?(?:ROLE=(\w+)|ENV=(management))", said)
    return (role[1] or role[2]) if role else ""


def tasks_that_do_not_exist(data: Json) -> Iterator[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, job in jobs(data).items():
        for task in re.findall(r"\bmake ([\w./-]+)", " ".join(commands(job))):
            if not re.search(rf"^{re.escape(task)}:", makefile, re.MULTILINE):
                yield f"{name}: the Makefile has no {task}"


def other_environments(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        matrix = job.get("strategy", {}).get("matrix", {}).get("environment")
        matrix = matrix or next((each["ENVIRONMENT"] for each in job.get("parallel", {}).get("matrix", [])), None)
        wanted = ["management", *names()] if name == "plan" else names()
        if matrix and matrix != wanted:
            yield f"{name}: has {matrix}, and there are {wanted}"


def other_chains(data: Json) -> Iterator[str]:
    """GitLab's jobs of the environments, each after the one before."""
    for role, first in (("ops", ["management"]), ("apps", [])):
        before = first
        found = [name for name, job in jobs(data).items() if stack(job) == role]
        if found != [f"{name}-{role}" for name in names()]:
            yield f"{role}: has {found}, and there are {names()}"
        for name in found:
            job = jobs(data)[name]
            if job["needs"] != before or f"{job['variables']['ENVIRONMENT']}-{role}" != name:
                yield f"{name}: does not follow {before}"
            before = [name]


def several_at_a_time(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        strategy = job.get("strategy", {})
        if stack(job) in ("ops", "apps") and (strategy.get("max-parallel"), strategy.get("fail-fast")) != (1, True):
            yield f"{name}: goes on after a failure, or brings up several at a time"


def lost_in_the_middle(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        changes = stack(job) or "desired publish" in " ".join(commands(job))
        group = job.get("resource_group") or job.get("concurrency", {}).get("group", "")
        expected = f"stack-.*{stack(job)}" if stack(job) else "publish"
        if changes and not re.fullmatch(expected, group):
            yield f"{name}: can run twice at once"
        if changes and (job.get("concurrency", {}).get("cancel-in-progress") or job.get("interruptible")):
            yield f"{name}: can be cancelled in the middle"


def demonstrations(data: Json) -> Iterator[str]:
    """Where the command `pulumi` is missing, `make stack` asks the test bed."""
    for name, job in jobs(data).items():
        said = commands(job)
        first = next((at for at, each in enumerate(said) if "make stack" in each), None)
        if first is not None and "pulumi version" not in said[:first]:
            yield f"{name}: would go on without pulumi"


def not_pinned(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        for step in job.get("steps", []):
            if "uses" in step and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]):
                yield f"{name}: {step['uses']} is not pinned"
        image = job.get("container") or job.get("image") or data.get("image")
        if image and not re.search(r"@sha256:[0-9a-f]{64}$", image):
            yield f"{name}: {image} is not pinned"


def rights(data: Json) -> Iterator[str]:
    if data.get("permissions") != {}:
        yield "jobs have rights that they do not name"
    for name, job in jobs(data).items():
        given = job.get("permissions")
        if given is None:
            yield f"{name}: names no rights"
        elif {key for key, right in given.items() if right == "write"} - (
            {"pull-requests"} if name == "comment" else set()
        ):
            yield f"{name}: may write"


def foreign_code(data: Json) -> Iterator[str]:
    """What runs with secrets, or is told by strangers."""
    if "pull_request_target" in triggers(data):
        yield "requests from forks get secrets"
    for name, job in jobs(data).items():
        if any("${{" in command for command in commands(job)):
            yield f"{name}: puts a text from outside into a command"
        if job.get("environment") == "plan" and SAME_REPOSITORY not in job.get("if", ""):
            yield f"{name}: runs for forks"


def foreign_requests(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        if name in ("plan", "comment") and any(SAME_PROJECT not in rule["if"] for rule in job["rules"]):
            yield f"{name}: runs for forks"


def at_the_wrong_time(data: Json) -> Iterator[str]:
    wanted = {"ops": "main", "management": "main", "apps": "tag"}
    for name, job in jobs(data).items():
        said = f"{job.get('if', '')} {job.get('rules', '')} {job.get('needs', '')}".lower()
        after = (
            "main" if "main" in said or "publish" in said or "management" in said else "tag" if "tag" in said else ""
        )
        if stack(job) and after != wanted[stack(job)]:
            yield f"{name}: is not for a {wanted[stack(job)]}"


def hidden_plans(data: Json) -> Iterator[str]:
    """A plan that fails hides no other one, and is told."""
    plan, comment = jobs(data)["plan"], jobs(data)["comment"]
    if plan.get("strategy", {}).get("fail-fast", False):
        yield "plan: one that fails hides the others"
    kept = [step.get("if") for step in plan.get("steps", []) if "upload-artifact" in step.get("uses", "")]
    if not (kept == ["always()"] or plan.get("artifacts", {}).get("when") == "always"):
        yield "plan: one that fails is not kept"
    if not ("cancelled()" in comment.get("if", "") or comment.get("rules", [{}])[0].get("when") == "always"):
        yield "comment: is not written when a plan fails"


def approvals(data: Json) -> Iterator[str]:
    """GitLab asks where the environment's own gates ask; GitHub does it by the environment that each job names."""
    for environment in environments():
        job = jobs(data)[f"{environment.name}-apps"]
        asks = any(rule.get("when") == "manual" for rule in job["rules"])
        if asks != ("four-eyes" in environment.gates):
            yield f"{environment.name}-apps: asks {'needlessly' if asks else 'nobody'}"


def without_environment(data: Json) -> Iterator[str]:
    for name, job in jobs(data).items():
        if stack(job) and not str(job.get("environment", "")).endswith(stack(job)):
            yield f"{name}: is of no environment that can be protected"


def dead_paths(data: Json) -> Iterator[str]:
    rules = data.get("workflow", {}).get("rules", [])
    paths = next((rule["changes"] for rule in rules if "changes" in rule), None) or triggers(data)["push"]["paths"]
    yield from (f"{path}: is not there" for path in paths if not (ROOT / path.partition("/**")[0]).exists())


Check = Callable[[Json], Iterator[str]]
BOTH: list[Check] = [
    tasks_that_do_not_exist, other_environments, lost_in_the_middle, demonstrations, not_pinned, at_the_wrong_time,
    hidden_plans, without_environment, dead_paths,
]  # fmt: skip
CHECKS: dict[str, list[Check]] = {
    GITHUB: [*BOTH, several_at_a_time, rights, foreign_code],
    GITLAB: [*BOTH, other_chains, foreign_requests, approvals],
}
