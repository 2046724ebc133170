"""Who depends on whom, as Mermaid."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from constructs_lib import Claim, Database, Dependency, ExternalRoute, Outside, Port, Scale, Schedule, Service
from desired.documents.graph import _quoted, draw
from tests.support.fleet import service, worker
from tests.support.repository import ROOT, Repository


def drawn(*services: Service) -> list[str]:
    return [line.strip() for line in draw({each.name: [each] for each in services}).splitlines()]


@pytest.mark.parametrize(
    ("made", "node"),
    [
        pytest.param(service("a", tier=1), 'service_a["a"]:::tier1', id="microservice"),
        pytest.param(worker("a"), 'service_a(["a"]):::tier2', id="worker"),
        pytest.param(worker("a", schedule=Schedule(cron="@daily")), 'service_a{{"a"}}:::tier2', id="scheduled-job"),
        pytest.param(
            service("a", claims=(Claim(name="data", path="/data", size="1Gi"),), scale=Scale.fixed(1)),
            'service_a[["a"]]:::tier2',
            id="stateful",
        ),
    ],
)
def test_a_kind_has_a_shape_and_a_tier_a_border(made: Service, node: str) -> None:
    assert node in drawn(made)


@pytest.mark.parametrize(
    ("callee", "edge"),
    [
        pytest.param({}, "service_caller -.-> service_callee", id="through-the-gateway"),
        pytest.param({"route": None}, "service_caller --> service_callee", id="direct"),
        pytest.param({"ports": (Port.tcp(5432),)}, "service_caller --> service_callee", id="tcp"),
    ],
)
def test_an_edge_says_how_the_callee_is_reached(callee: dict[str, Any], edge: str) -> None:
    assert edge in drawn(service("callee", **callee), service("caller", depends_on=("callee",)))


def test_the_port_of_a_dependency_decides_how_it_is_reached() -> None:
    callee = service("callee", ports=(Port.http(80), Port.grpc(81)))
    caller = service("caller", depends_on=(Dependency(service="callee", port="grpc"),))
    assert "service_caller -.-> service_callee" in drawn(callee, caller)


def test_services_stand_with_their_owner() -> None:
    lines = drawn(service("b", owner="team-b"), service("a", owner="team-a"), service("c", owner="team-a"))
    start = lines.index('subgraph owner_team_a ["team-a"]')
    assert lines[start + 1 : start + 5] == [
        'service_a["a"]:::tier2',
        'service_c["c"]:::tier2',
        "end",
        'subgraph owner_team_b ["team-b"]',
    ]


def test_people_outside_reach_external_services() -> None:
    lines = drawn(service("shop", external=ExternalRoute(hosts=("shop", "www"))))
    assert 'people(("people outside"))' in lines
    assert 'people -.->|"shop, www"| service_shop' in lines
    assert not any("people" in line for line in drawn(service("inside")))


def test_databases_and_destinations_outside_are_drawn() -> None:
    database, outside = Database(name="orders", owner="orders"), Outside(name="bank", cidrs=("192.0.2.0/24",))
    lines = drawn(service("a", database=database, outside=(outside,)))
    assert {'database_a[("orders")]', "service_a --> database_a", 'service_a --> outside_bank[/"bank"/]'} <= {*lines}


def test_a_callee_that_does_not_run_is_marked() -> None:
    lines = drawn(service("a", depends_on=("gone",)))
    assert {'service_gone["gone"]:::absent', "service_a --> service_gone"} <= {*lines}


def test_a_rollouts_second_spec_adds_its_dependencies_once() -> None:
    stable, candidate = service("a", depends_on=("b",)), service("a", depends_on=("b", "c"))
    text = draw({"a": [stable, candidate], "b": [service("b")], "c": [service("c")]})
    assert text.count("service_a -.-> service_b") == 1
    assert text.count("service_a -.-> service_c") == 1


def test_the_order_of_services_does_not_matter() -> None:
    services = [service(name, depends_on=tuple({"a", "b", "c"} - {name}), owner=f"team-{name}") for name in "abc"]
    assert drawn(*services) == drawn(*reversed(services))


@pytest.mark.parametrize("word", ["end", "graph", "click", "default", "subgraph", "style"])
def test_words_of_mermaid_are_names_like_any_other(word: str) -> None:
    lines = drawn(service(word, owner=word), service("a", depends_on=(word,)))
    assert f'service_{word}["{word}"]:::tier2' in lines
    assert f"service_a -.-> service_{word}" in lines


def test_what_mermaid_would_read_is_escaped() -> None:
    assert _quoted('a"b#c<d>&`') == '"a#34;b#35;c#60;d#62;#38;#96;"'


def test_an_environment_is_drawn_as_it_is(repo: Repository) -> None:
    repo.replace("apps/greeter.py", "env=", 'depends_on=("caller",), env=')

    def graph(*words: str) -> str:
        done = repo.run("envs", "graph", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    everything, first, second = graph(), graph("-e", "first"), graph("--environment", "second")
    assert all("service_greeter -.-> service_caller" in text for text in (everything, first))
    assert "service_caller" not in second
    assert 'service_greeter["greeter"]' in second


def test_an_unknown_environment_is_one_sentence(repo: Repository) -> None:
    done = repo.run("envs", "graph", "-e", "third")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "✗ Unknown environment 'third'. Choose one of first, second\n"


def test_drawing_never_starts_node() -> None:
    program = (
        "import sys; from desired.cli.work_tree import main; from envs.compose import FLEET;"
        "code = main(FLEET, ['graph', *sys.argv[1:]]);"
        "sys.exit(code or int('cdk8s' in sys.modules or 'jsii' in sys.modules))"
    )
    for words in ([], ["-e", "prod"]):
        done = subprocess.run([sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"flowchart LR\n")
