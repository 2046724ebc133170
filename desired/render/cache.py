"""The local cache: the output of each unit, under a digest of everything that it was made from."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from pathlib import Path

from constructs_lib.values.data import Json, digest

_TABLES = """
create table if not exists output (key text primary key, digests text not null, files text not null,
    facts text not null, sum text not null);
create table if not exists use (key text primary key, at integer not null) without rowid;
create table if not exists note (key text primary key, value text not null, sum text not null,
    used integer not null) without rowid;
"""
"""When an output was used is not in its row: SQLite would write the whole row anew, all files of the unit."""
_FILE = "outputs.db"
_OLD = "units.db"
_NOW = "cast(strftime('%s') as integer)"
_KEPT_UNITS = 60_000


def cache_folder() -> Path:
    """The folder of this user's caches: `$DESIRED_CACHE_DIR`, or a folder in the user's cache."""
    given = os.environ.get("DESIRED_CACHE_DIR")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "desired"


def cache_is_trusted() -> bool:
    """False in CI, and with `DESIRED_CACHE=off`."""
    return os.environ.get("CI", "").lower() not in ("1", "true") and os.environ.get("DESIRED_CACHE") != "off"


def open_cache() -> Cache:
    """This user's cache, or a temporary one where it is not trusted."""
    return Cache(cache_folder() / _FILE if cache_is_trusted() else None)


class Cache:
    """The output of each unit, by key. Damaged entries count as missing.

    Without a file, a temporary one is used until this process ends, so that results need not fit into memory.
    """

    def __init__(self, file: Path | None) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._temporary: tempfile._TemporaryFileWrapper[bytes] | None = None
        self._db = (self._opened(file) if file else None) or self._connect(self._temporary_file())

    def _opened(self, file: Path) -> sqlite3.Connection | None:
        """Opens the database, and replaces a damaged file. None if the file cannot be created."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            for old in file.parent.glob(f"{_OLD}*"):  # of versions before 0.2
                old.unlink(missing_ok=True)
            return self._connect(str(file))
        except (OSError, sqlite3.OperationalError):
            return None
        except sqlite3.DatabaseError:
            file.unlink(missing_ok=True)
            return self._connect(str(file))

    def _temporary_file(self) -> str:
        self._temporary = tempfile.NamedTemporaryFile(suffix=".db")  # noqa: SIM115 - closed in `close`
        return self._temporary.name

    def _connect(self, path: str) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=60, isolation_level=None)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = off")
        db.executescript(_TABLES)
        return db

    def digests(self, key: str) -> dict[str, str] | None:
        """The digests of the files by path; None if the key is unknown."""
        if key not in self._known:
            row = self._db.execute("select digests, files, facts, sum from output where key = ?", (key,)).fetchone()
            if not row or digest("\0".join((key, *row[:3]))) != row[3]:
                return None
            self._known[key] = json.loads(row[0])
        return self._known[key]

    def files(self, key: str) -> dict[str, str]:
        """The texts of the files by path."""
        found: dict[str, str] = json.loads(self._column("files", key))
        return found

    def facts(self, key: str) -> Json:
        """The facts for the rules."""
        found: Json = json.loads(self._column("facts", key))
        return found

    def put(self, key: str, files: dict[str, str], facts: Json) -> dict[str, str]:
        """Stores the output of a unit. Returns the digests of its files."""
        digests = {path: digest(text) for path, text in files.items()}
        columns = (json.dumps(digests), json.dumps(files), json.dumps(facts))
        row = (key, *columns, digest("\0".join((key, *columns))))
        self._db.execute("begin")
        self._db.execute("insert or replace into output values (?, ?, ?, ?, ?)", row)
        self._db.execute(f"insert or replace into use values (?, {_NOW})", (key,))
        self._db.execute("commit")
        self._known[key] = digests
        return digests

    def is_empty(self) -> bool:
        """Whether it has no unit at all."""
        return self._db.execute("select 1 from output limit 1").fetchone() is None

    def note(self, key: str) -> Json | None:
        """The note under a key; None if there is none."""
        row = self._db.execute("select value, sum from note where key = ?", (key,)).fetchone()
        found: Json | None = json.loads(row[0]) if row and digest(key + row[0]) == row[1] else None
        return found

    def take_note(self, key: str, value: Json) -> None:
        """Stores a note."""
        text = json.dumps(value)
        self._db.execute(f"insert or replace into note values (?, ?, ?, {_NOW})", (key, text, digest(key + text)))

    def used(self, keys: list[str]) -> None:
        """Marks these keys as used, and deletes the oldest of the others if there are too many."""
        self._db.execute("begin")
        self._db.executemany(f"insert or replace into use values (?, {_NOW})", ((key,) for key in keys))
        self._db.execute(
            "delete from use where key in (select key from use order by at desc limit -1 offset ?)", (_KEPT_UNITS,)
        )
        self._db.execute("delete from output where key not in (select key from use)")
        self._db.execute("delete from note where key in (select key from note order by used desc limit -1 offset 9999)")
        self._db.execute("commit")

    def _column(self, column: str, key: str) -> str:
        row = self._db.execute(f"select {column} from output where key = ?", (key,)).fetchone()
        return str(row[0])

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
        if self._temporary:
            self._temporary.close()
