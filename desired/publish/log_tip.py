"""Where the log stands: what `live` holds is checked before it is believed, and what it held before is never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..core.errors import Problem, Refused
from ..git import Clone, Commit
from ..history import commit_message
from ..history.chain import Chain
from ..history.commit_message import Recorded

Check = Callable[[str, Commit], str]
"""Says what is wrong with an entry that follows another one; empty where it is legal."""
Again = Callable[[str, Commit], bool]
"""Whether the operation of an entry of one log could be done again on top of an entry of another."""


@dataclass(frozen=True)
class LogTip:
    """The newest entry of the log, and what has to be brought together with it."""

    commit: str
    """The newest entry; empty if nothing has ever been published."""
    beside: tuple[str, ...] = ()
    """Tips of branches with commits that the log does not have yet: that of `live` before that of `main`."""
    was_live: str = ""
    """Where `live` is, if the publisher did not put it there."""
    notes: tuple[str, ...] = ()
    """What people should know about that."""


class LogTips:
    """Follows the log from what this clone last saw of it. That is kept in a ref, so that Git keeps the commits."""

    def __init__(self, git: Clone, chain: Chain, remote: str) -> None:
        self._git, self._chain = git, chain
        self._ref = f"refs/desired/remotes/{remote}/live" if remote else "refs/desired/local/live"

    @property
    def seen(self) -> str:
        """The newest entry that this clone has checked; empty if it has seen none."""
        return self._git.positions([self._ref])[self._ref] or ""

    def remember(self, commit: str) -> None:
        """Keeps an entry as the newest one. A lock of another process holds up nothing: it is kept the next time."""
        if commit and commit != self.seen:
            self._git.run("update-ref", self._ref, commit)

    def read(self, main: str, live: str | None, check: Check, again: Again, read_before: str = "") -> LogTip:
        """Where the log stands, with both branches as they are. Raises Refused if it is not the log of this clone.

        `read_before` is an entry that counts in a clone which has checked none: to read on is enough for looking.
        """
        if self._git.is_shallow:
            raise Problem(
                "This clone is shallow, so it does not know what was done before. Run `git fetch --unshallow`"
            )
        seen = self.seen or read_before
        if seen == live == main:
            return LogTip(seen)
        self._require_same_repository(seen, main)
        # What is live counts before what main holds, which may be a rebased copy of it.
        at = seen or next(filter(None, (self._first(tip, check) for tip in (live, main) if tip)), "")
        for tip in filter(None, (live, main)):
            at = self._extended(at, tip, check, again)
        if not at:
            return LogTip("")
        beside = self._beside(at, main, live)
        made = not live or live == at or self._git.is_ancestor(live, at) or not self._chain.sealed(at)
        return LogTip(
            at, beside, "" if made or not live else live, (*self._lost(seen, at), *self._notes(at, main, live))
        )

    def _first(self, tip: str, check: Check) -> str:
        """The newest entry of a log that is new to this clone: it is believed, but for the newest one."""
        at = self._chain.newest(tip)
        while at:
            entry = self._git.commit(at)
            previous = self._chain.entry(entry.parent) if entry.parent else ""
            if not previous or not check(previous, entry):
                break
            at = previous
        return at

    def _require_same_repository(self, seen: str, main: str) -> None:
        if seen and not self._git.merge_base(seen, main):
            raise Refused(
                f"main has nothing in common with the log that this clone has seen up to {seen[:12]}. If the "
                f"repository was replaced on purpose, run `git update-ref -d {self._ref}`, or make a new clone"
            )

    def _extended(self, at: str, tip: str, check: Check, again: Again) -> str:
        """The newest entry that goes on from `at` in the history of a tip."""
        if not at or tip == at or self._git.is_ancestor(tip, at):
            return at
        claims = [each.id for each in self._git.beyond(at, [tip]) if commit_message.kind(each.message)]
        while claims:
            taken = self._along(at, claims.pop(), check, again)
            at, known = taken[-1] if taken else at, set(taken)
            claims = [each for each in claims if each not in known]
        return at

    def _along(self, at: str, newest: str, check: Check, again: Again) -> list[str]:
        """The legal entries from `at` up to one that may go on from it, or up to the first one that is not legal."""
        if not self._goes_on(at, newest, again):
            return []
        taken: list[str] = []
        previous = at if self._chain.grew(at, newest) else self._common(at, newest)
        for entry in self._chain.entries(previous, newest):
            if not self._chain.sound(entry) or check(previous, entry):
                break
            previous = entry.id
            taken.append(entry.id)
        # What counts is what was taken: the entries after that may only say that they are operations.
        return taken if previous == newest or self._goes_on(at, previous, again) else []

    def _goes_on(self, at: str, newest: str, again: Again) -> bool:
        """Whether nothing of the log up to `at` is missing up to `newest`."""
        if self._chain.grew(at, newest):
            return True
        if not self._git.is_ancestor(at, newest):
            return False
        # Another publisher has brought two logs together. All that was done here has to be in its log. Where that is
        # not possible on either side, this one gives way: else each would go back to its own log for ever.
        missing = self._missing(at, newest)
        if not missing or any(again(newest, each) for each in missing):
            return not missing
        return not all(again(at, each) for each in self._missing(newest, at))

    def _missing(self, one: str, other: str) -> list[Commit]:
        """The operations of one log that another one does not have."""
        common = self._common(one, other)
        there = {found.intent.key for _, found in self._operations(common, other)}
        return [each for each, found in self._operations(common, one) if found.intent.key not in there]

    def _operations(self, since: str, until: str) -> Iterator[tuple[Commit, Recorded]]:
        for each in self._chain.entries(since, until):
            if found := commit_message.recorded(each.message):
                yield each, found

    def _lost(self, seen: str, at: str) -> Iterator[str]:
        """What this clone has seen and the log does not have any more."""
        for each in self._missing(seen, at) if seen and not self._chain.grew(seen, at) else ():
            yield f"{commit_message.named(each)} is no longer in the log: it is not legal after what others did there"

    def _common(self, one: str, other: str) -> str:
        """The newest entry that two logs share, or an empty string."""
        return self._chain.entry(self._git.parted(one, other))

    def _beside(self, at: str, main: str, live: str | None) -> tuple[str, ...]:
        tips = [tip for tip in dict.fromkeys((live, main)) if tip and not self._git.is_ancestor(tip, at)]
        older = {tip for tip in tips for other in tips if tip != other and self._git.is_ancestor(tip, other)}
        return tuple(tip for tip in tips if tip not in older)

    def _notes(self, at: str, main: str, live: str | None) -> Iterator[str]:
        if live is None:
            yield f"live was deleted: it is made again at {at[:12]}, where the log stands"
        elif live != at and self._git.is_ancestor(live, at):
            yield f"live was set back to {live[:12]}: it moves forward again, to {at[:12]}"
        elif live != at and self._chain.sealed(at):
            yield f"live was moved by hand to {live[:12]}: the log goes on from {at[:12]}"
        if main == at:
            return
        if self._git.is_ancestor(main, at):
            yield f"main was set back to {main[:12]}: it moves forward again, with all that was committed"
        elif not self._git.is_ancestor(at, main):
            yield f"main was rewritten: {main[:12]} is brought together with {at[:12]}"
