"""The test bed of one run: starts clusters, each clean and on its own address."""

import itertools
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from .api import Api, ApiError
from .control_plane import ControlPlane
from .namespaces import FOLDER
from .nodes import Kwok
from .process import until
from .programs.crds import CRDS, crds

_SECONDS = 300.0
"""For things that take seconds on a quiet machine."""


class BedCluster:
    """A control plane with nodes, and with the definitions of all kinds that our manifests use."""

    def __init__(self, plane: ControlPlane, kwok: Kwok | None) -> None:
        self._plane = plane
        self._kwok = kwok
        self.api = plane.api
        self.folder = plane.folder
        self.kubeconfig = plane.kubeconfig
        self.address = plane.address

    def stop(self) -> None:
        """Stops its processes. Their logs stay."""
        if self._kwok:
            self._kwok.stop()
        self._plane.stop()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)  # it is in memory

    def __enter__(self) -> "BedCluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Bed:
    """Clusters side by side. They write to memory, and nothing of it survives the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(2)
        self._seed = self._sow()

    @classmethod
    def here(cls) -> "Bed":
        """The bed inside the namespaces of `namespaces.run`. Raises `KeyError` outside of them."""
        return cls(Path(os.environ[FOLDER]))

    def cluster(self, name: str = "cluster", kwok: bool = True, controllers: str = "*") -> BedCluster:
        """A clean cluster with nodes, to be stopped (or used in `with`).

        Without `kwok` it has no nodes, and only the test changes the status of pods.
        """
        plane = self._plane(name, self._seed, controllers)
        return BedCluster(plane, Kwok(plane) if kwok else None)

    def _plane(self, name: str, data: Path | None, controllers: str = "*") -> ControlPlane:
        number = next(self._numbers)
        return ControlPlane(self.folder / f"{number}-{name}", f"10.255.0.{number}", data, controllers)

    def _sow(self) -> Path:
        """The first data of every cluster's etcd: copying the definitions is faster than installing them."""
        plane = self._plane("seed", None)
        define(plane.api, CRDS)
        plane.stop(gently=True)
        return plane.folder / "etcd"


def define(api: Api, rows: Iterable[str]) -> None:
    """Installs the definitions of these rows of the tables in `programs.crds`, and waits until they are served.

    A management cluster has those of `PROVIDERS` beside what every cluster begins with. Raises `Refused`.
    """
    refusals = [a for a in api.apply_all(crd for row in rows for crd in crds(row)) if isinstance(a, ApiError)]
    if refusals:
        raise refusals[0]
    until(lambda: _established(api), "the definitions are served", _SECONDS)


def _established(api: Api) -> bool:
    definitions = api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    conditions = [d.get("status", {}).get("conditions") or [] for d in definitions]
    return all(any(c["type"] == "Established" and c["status"] == "True" for c in found) for found in conditions)
