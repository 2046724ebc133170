"""Property paths are read as Pulumi writes them."""

import pytest

from testbed.pulumi import paths


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.replicas", ("spec", "replicas")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("spec.items[0].name", ("spec", "items", 0, "name")),
        ("spec.items[*].name", ("spec", "items", "*", "name")),
        ("*", ("*",)),
    ],
)
def test_a_path_is_read_and_written(text: str, path: paths.Path) -> None:
    assert paths.parse(text) == path
    if "[*]" not in text:
        assert paths.text(path) == text


@pytest.mark.parametrize("text", ["", "a..b", "a[", "[x]", ".", 'a["b'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(paths.NoPath, match="is no property path"):
        paths.parse(text)


def test_ignored_properties_keep_their_old_value() -> None:
    new = {"a": 1, "list": [{"x": 1, "y": 1}, {"x": 2}], "gone": 1}
    old = {"a": 5, "list": [{"x": 7, "y": 7}, {"x": 8}], "only": {"old": 1}}
    ignored = [paths.parse(text) for text in ("a", "list[*].x", "gone", "only.old")]
    assert paths.reset(new, old, ignored) == {
        "a": 5,
        "list": [{"x": 7, "y": 1}, {"x": 8}],
        "only": {"old": 1},
    }
