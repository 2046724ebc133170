"""Reads the manifests of a cluster from Git, and applies them without Flux."""

from pathlib import Path

from .api import Api, ApiError, Object, Ref, read

_NOT_AN_OBJECT = "kustomization.yaml"


def objects(folder: Path) -> list[Object]:
    """All objects in a cluster's folder, namespaces first."""
    files = sorted(path for path in folder.rglob("*.yaml") if path.name != _NOT_AN_OBJECT)
    return sorted(read(files), key=lambda item: item["kind"] != "Namespace")


def apply(api: Api, items: list[Object]) -> None:
    """Applies them, namespaces first. Raises `Refused` with every object that was refused."""
    namespaces = [item for item in items if item["kind"] == "Namespace"]
    rest = [item for item in items if item["kind"] != "Namespace"]
    answers = api.apply_all(namespaces) + api.apply_all(rest)
    pairs = zip([*namespaces, *rest], answers, strict=True)
    refused = [f"{Ref.of(item)}: {answer}" for item, answer in pairs if isinstance(answer, ApiError)]
    if refused:
        raise ApiError(422, "\n".join(refused))
