"""An index of what operations did, for fast lookups in the history. It can be rebuilt at any time."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from constructs_lib.values.data import Json

from ..core.errors import Problem
from ..git import Clone, CommitChanges
from ..progress import Progress
from ..render import yaml
from ..wording import printable
from . import commit_message as log
from . import release_files as files
from .chain import Chain

_VERSION = 2
_TABLES = """
create table if not exists entry (position integer primary key, id text not null, time integer not null,
    verb text not null, actor text not null, reason text not null, title text not null, key text not null);
create index if not exists entry_key on entry (key);
create index if not exists entry_id on entry (id);
create table if not exists touched (environment text not null, service text not null, position integer not null,
    primary key (environment, service, position)) without rowid;
create table if not exists stood (environment text not null, service text not null, image text not null,
    primary key (environment, service, image)) without rowid;
create table if not exists members (environment text not null, rollout text not null, service text not null,
    phase text not null, primary key (environment, rollout, service)) without rowid;
create table if not exists note (blob text primary key, text text not null) without rowid;
create table if not exists meta (name text primary key, value text not null) without rowid;
"""
_ALL = ""
"""In place of a service: the whole environment."""


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of the log that changed `releases/`."""

    id: str
    time: int
    """Seconds since 1970, UTC."""
    verb: str
    """The operation, or what the publisher did."""
    actor: str
    reason: str
    title: str
    key: str


class Index:
    """The entries of the log that changed `releases/`, and which images were stable where."""

    def __init__(self, git: Clone, file: Path | None) -> None:
        """`file` holds the index. Default: in memory."""
        self._git, self._file, self._chain = git, file, Chain(git)
        self._db = self._open()

    def _open(self, anew: bool = False) -> sqlite3.Connection:
        """Opens the database. Replaces a file that is not a database, once. Raises Problem if the disk refuses it."""
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._connected(str(self._file or ":memory:"))
        except sqlite3.DatabaseError as error:
            if self._file is None or anew or isinstance(error, sqlite3.OperationalError):
                remedy = "Free space on the disk, or make the file writable, and run the command again"
                raise Problem(f"Cannot use the index {self._file}: {error}. {remedy}") from None
            self._file.unlink(missing_ok=True)
            return self._open(anew=True)

    def _connected(self, path: str) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = off")
            db.executescript(_TABLES)
        except BaseException:
            db.close()
            raise
        return db

    @property
    def head(self) -> str:
        """The newest entry of the log that is in the index, or an empty string."""
        return self._meta("head") if self._meta("version") == str(_VERSION) else ""

    def follow(self, live: str) -> None:
        """Indexes the log up to an entry: what is new, or all of it if it went another way before."""
        if self.head == live and self._meta("version") == str(_VERSION):
            return
        self._db.execute("begin immediate")
        try:
            known = self.head
            if not known or not live or not self._chain.grew(known, live):
                self._clear()
                known = ""
            if live:
                self._take(known, live)
            for name, value in (("head", live), ("version", str(_VERSION))):
                self._db.execute("insert or replace into meta values (?, ?)", (name, value))
            self._db.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # it may have ended by itself, as on a full disk
                self._db.execute("rollback")
            raise

    def cover(self, entry: str) -> None:
        """Indexes the log up to an entry at least."""
        if self.head != entry and not self._git.is_ancestor(entry, self.head):
            self.follow(entry)

    def _take(self, known: str, live: str) -> None:
        start = "" if known else self._chain.start(live)
        if start:
            self._add(self._begun(start))
        found = [each for each in self._git.changes(known or start, live, f"{files.ROOT}/") if log.kind(each.message)]
        progress = Progress("indexing the history", len(found))
        try:
            for change in found:
                self._add(change)
                progress.step(change.id[:12])
        finally:
            progress.close()

    def _begun(self, start: str) -> CommitChanges:
        """The first publishing, with all that was there."""
        blobs = tuple(self._git.files(start, files.ROOT).items())
        return replace(CommitChanges.of(self._git.commit(start)), blobs=blobs)

    def _add(self, change: CommitChanges) -> None:
        recorded = log.recorded(change.message)
        row = (
            change.id,
            change.author.time,
            log.kind(change.message),
            change.author.name,
            recorded.intent.reason if recorded else "",
            change.message.partition("\n")[0],
            recorded.intent.key if recorded else "",
        )
        cursor = self._db.execute(
            "insert into entry (id, time, verb, actor, reason, title, key) values (?, ?, ?, ?, ?, ?, ?)", row
        )
        position = cursor.lastrowid
        # A path that a person put there may have any bytes. None of the publisher's has.
        blobs = [(path, blob) for path, blob in change.blobs if printable(path) == path]
        touched = {pair for path, blob in blobs for pair in self._touches(path, blob)}
        self._db.executemany(
            "insert or ignore into touched values (?, ?, ?)", [(env, service, position) for env, service in touched]
        )
        for path, blob in blobs:
            self._stands(path, blob)

    def _touches(self, path: str, blob: str) -> Iterator[tuple[str, str]]:
        _, environment, *rest = path.removesuffix(".yaml").split("/")
        if len(rest) == 1:
            yield environment, _ALL if rest[0] in files.OTHERS else rest[0]
        elif len(rest) == 2 and rest[0] == "rollouts":
            self._db_members(environment, rest[1], path, blob)
            rows = self._db.execute(
                "select service from members where environment = ? and rollout = ?", (environment, rest[1])
            )
            yield from ((environment, service) for (service,) in rows.fetchall())

    def _db_members(self, environment: str, rollout: str, path: str, blob: str) -> None:
        if not blob:
            self._db.execute(
                "update members set phase = 'closed' where environment = ? and rollout = ?", (environment, rollout)
            )
            return
        data = self._data(path, blob)
        self._db.execute("delete from members where environment = ? and rollout = ?", (environment, rollout))
        self._db.executemany(
            "insert or replace into members values (?, ?, ?, ?)",
            [(environment, rollout, str(each), str(data.get("phase"))) for each in data.get("members") or ()],
        )

    def _stands(self, path: str, blob: str) -> None:
        _, environment, *rest = path.removesuffix(".yaml").split("/")
        if len(rest) != 1 or not blob or rest[0] in files.OTHERS:
            return
        open_ = "select 1 from members where environment = ? and service = ? and phase = 'open'"
        if self._db.execute(open_, (environment, rest[0])).fetchone():
            return
        data = self._data(path, blob)
        version = (data.get("slots") or {}).get(data.get("stable")) or {}
        self._db.execute(
            "insert or ignore into stood values (?, ?, ?)", (environment, rest[0], str(version.get("image")))
        )

    def _data(self, path: str, blob: str) -> Json:
        try:
            return yaml.mapping(path, self._git.batch.read(blob)[1])
        except Problem:
            return {}

    def _clear(self) -> None:
        for table in ("entry", "touched", "stood", "members", "meta"):
            self._db.execute(f"delete from {table}")

    def _meta(self, name: str) -> str:
        row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    # Questions

    def stable_images(self, environments: Collection[str]) -> frozenset[tuple[str, str, str]]:
        """Environment, service and image of all that was stable while no rollout of the service was open."""
        question = "select environment, service, image from stood where environment in (select value from json_each(?))"
        rows = self._db.execute(question, (json.dumps(list(environments)),)).fetchall()
        return frozenset((environment, service, image) for environment, service, image in rows)

    def by_key(self, key: str, since: int) -> HistoryEntry | None:
        """The newest entry with an idempotency key that is not older than a time."""
        rows = self._entries("where key = ? and time >= ? order by position desc limit 1", (key, since))
        return next(iter(rows), None)

    def newest(self, environment: str | None, service: str | None, limit: int) -> list[HistoryEntry]:
        """The newest entries of a service, of an environment, of both, or of all."""
        if environment is None and service is None:
            return self._entries("order by position desc limit ?", (limit,))
        given = {"environment": environment, "service": service}
        clauses = [f"{name} = ?" for name, value in given.items() if value is not None]
        values = tuple(value for value in given.values() if value is not None)
        return self._entries(
            f"where position in (select position from touched where {' and '.join(clauses)} "
            f"order by position desc limit ?) order by position desc limit ?",
            (*values, limit * 2, limit),
        )

    def note(self, blob: str) -> str:
        """The note about one blob, or an empty string."""
        row = self._db.execute("select text from note where blob = ?", (blob,)).fetchone()
        return str(row[0]) if row else ""

    def notes(self, blobs: Iterable[str]) -> dict[str, str]:
        """The notes about these blobs. Blobs without one are left out."""
        wanted = json.dumps(list(blobs))
        rows = self._db.execute("select blob, text from note where blob in (select value from json_each(?))", (wanted,))
        return dict(rows.fetchall())

    def take_notes(self, texts: Mapping[str, str]) -> None:
        """Notes about blobs, which never change."""
        if texts:
            self._db.execute("begin")
            self._db.executemany("insert or ignore into note values (?, ?)", texts.items())
            self._db.execute("commit")

    def _entries(self, where: str, values: tuple[object, ...]) -> list[HistoryEntry]:
        rows = self._db.execute(f"select id, time, verb, actor, reason, title, key from entry {where}", values)
        return [HistoryEntry(*row) for row in rows.fetchall()]

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
