"""Sends objects to node in batches, because every call to node (a crossing) is slow.

jsii makes one crossing or more for each construct, and converts its data field by field on both sides. Here, objects
wait in Python. The next crossing, whatever it is, first sends all of them as one JSON string. So code that reads the
construct tree always finds them. A small jsii module receives them in node; this file contains it and loads it.
See `docs/decisions/0002-typed-objects.md`.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile

import cdk8s
import jsii
from constructs import Construct

from .values.data import Json

_NAME, _VERSION = "desired", "1.0.0"
_CLASS = f"{_NAME}.UnitChart"
_PROGRAM = """\
const { ApiObject, App, Chart, JsonPatch } = require("cdk8s");

exports.UnitChart = class UnitChart extends Chart {
  constructor() {
    super(new App(), "unit", { disableResourceNameHashes: true });
  }

  static add(scopes, text) {
    // jsii drops fields without a value, and so does this.
    JSON.parse(text, (_, value) => value ?? undefined).forEach((objects, index) => {
      for (const [id, identity, body] of objects) {
        const made = new ApiObject(scopes[index], id, identity);
        // Added as patches, because cdk8s sorts the keys of all other fields.
        made.addJsonPatch(...Object.entries(body).map(([field, value]) => JsonPatch.add(`/${field}`, value)));
      }
    });
  }

  render(scopes, text) {
    UnitChart.add(scopes, text);
    return JSON.stringify(this.toJson());
  }
};
"""
_TAKEN: list[Json] = [
    {
        "name": "scopes",
        "type": {"collection": {"kind": "array", "elementtype": {"fqn": "constructs.Construct"}}},
    },
    {"name": "text", "type": {"primitive": "string"}},
]
_ASSEMBLY: Json = {
    "schema": "jsii/0.10.0",
    "jsiiVersion": "6.0.0",
    "name": _NAME,
    "version": _VERSION,
    "dependencies": {"cdk8s": "*", "constructs": "*"},
    "targets": {"js": {"npm": _NAME}},
    "types": {
        _CLASS: {
            "assembly": _NAME,
            "fqn": _CLASS,
            "kind": "class",
            "name": "UnitChart",
            "base": "cdk8s.Chart",
            "initializer": {},
            "methods": [
                {"name": "add", "static": True, "parameters": _TAKEN},
                {"name": "render", "parameters": _TAKEN, "returns": {"type": {"primitive": "string"}}},
            ],
        }
    },
}
"""The description of the module, as jsii's compiler would write it. Source: jsii's specification, `@jsii/spec`."""

_waiting: dict[Construct, list[str]] = {}


class UnitChart(cdk8s.Chart, metaclass=jsii.JSIIMeta, jsii_type=_CLASS):
    """The chart of one unit. It has an app of its own, because cdk8s visits the whole app to render one chart."""

    def __init__(self) -> None:
        _waiting.clear()  # left over from a unit that failed halfway
        jsii.create(UnitChart, self)

    def objects(self) -> list[Json]:
        """The same as `to_json()`. Raises RuntimeError when cdk8s rejects an object."""
        objects: list[Json] = json.loads(jsii.invoke(self, "render", _taken()))
        return objects


def add(scope: Construct, id_: str, identity: Json, body: Json) -> None:
    """Add an `ApiObject` to the scope. `identity` is its apiVersion, kind and metadata; `body` its other fields.

    Raises TypeError or ValueError when a value is not JSON data.
    """
    _waiting.setdefault(scope, []).append(json.dumps([id_, identity, body], allow_nan=False))


class _Provider:
    """Wraps jsii's connection to node: before each call, it sends the waiting objects."""

    def __init__(self, provider: object) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> object:
        if _waiting:
            jsii.sinvoke(UnitChart, "add", _taken())
        return getattr(self._provider, name)


def _taken() -> list[object]:
    scopes = list(_waiting)
    text = ",".join(f"[{','.join(objects)}]" for objects in _waiting.values())
    _waiting.clear()
    return [scopes, f"[{text}]"]


def _packed() -> bytes:
    """The module as an npm package. The bytes never vary: jsii caches unpacked packages on disk by their digest."""
    package = {"name": _NAME, "version": _VERSION, "main": "index.js", "jsii": {"outdir": "."}}
    files = {"package.json": json.dumps(package), ".jsii": json.dumps(_ASSEMBLY), "index.js": _PROGRAM}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _load() -> None:
    with tempfile.NamedTemporaryFile(suffix=".tgz") as file:
        file.write(_packed())
        file.flush()
        jsii.load(_NAME, _VERSION, file.name)
    jsii.kernel.provider = _Provider(jsii.kernel.provider)  # type: ignore[assignment]


_load()
