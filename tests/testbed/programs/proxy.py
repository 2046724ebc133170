"""A Go module proxy of files, from which the real `go` builds and fetches without a network."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Published(NamedTuple):
    """What pins a published module."""

    sum: str
    go_sum: str


class Proxy:
    """Modules that `go` finds where GOPROXY points to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, module: str, version: str, files: Mapping[str, str]) -> Published:
        """Makes a module of the files, without requirements."""
        go_mod = f"module {module}\n\ngo 1.24.0\n"
        contents = {f"{module}@{version}/{name}": text for name, text in {"go.mod": go_mod, **files}.items()}
        published = self._folder / module / "@v"
        published.mkdir(parents=True)
        (published / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
        (published / f"{version}.mod").write_text(go_mod)
        with zipfile.ZipFile(published / f"{version}.zip", "w") as archive:
            for name, text in contents.items():
                archive.writestr(name, text)
        whole = _h1(contents)
        return Published(whole, f"{module} {version} {whole}\n{module} {version}/go.mod {_h1({'go.mod': go_mod})}\n")


def _h1(files: Mapping[str, str]) -> str:
    """The checksum of golang.org/x/mod/sumdb/dirhash."""
    lines = (f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return f"h1:{base64.b64encode(hashlib.sha256(''.join(lines).encode()).digest()).decode()}"
