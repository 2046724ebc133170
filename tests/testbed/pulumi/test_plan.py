"""The tree that shows a plan."""

import io

from rich.console import Console

from testbed.pulumi.plan import Step, tree

STEPS = [
    Step("component", "stack", "", "Stack", "dev"),
    Step("component", "shop", "stack", "Shop", "shop"),
    Step("component", "other", "stack", "Shop", "other"),
    Step("same", "one", "other", "Secret", "one"),
    Step("create", "two", "shop", "Widget", "two"),
    Step("update", "three", "shop", "Deployment", "three", tuple(f"spec.{letter}" for letter in "abcdefgh")),
]


def _lines(done: bool) -> list[str]:
    text = io.StringIO()
    Console(width=120, file=text).print(tree(STEPS, done))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_the_tree_shows_changes_below_their_components() -> None:
    assert _lines(done=False) == [
        "dev  Stack",
        "└── shop  Shop",
        "    ├── ~ three  Deployment  spec.a, spec.b, spec.c, spec.d, spec.e, spec.f and 2 more",
        "    └── + two  Widget",
        "1 to create, 1 to update, 1 unchanged",
    ]


def test_the_tree_after_up_counts_what_was_done() -> None:
    assert _lines(done=True)[-1] == "1 created, 1 updated, 1 unchanged"
