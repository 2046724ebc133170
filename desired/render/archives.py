"""Unpacks code that Git has packed. Works on every Python: older ones have no `filter=` in `tarfile`."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

from constructs_lib.values import Problem


def unpack(archive: bytes, folder: Path) -> None:
    """Writes the files of a tar archive into a new folder.

    Raises Problem, before anything is written, if a file would leave the folder (by an absolute path, by `..` or
    through a link), or is neither a file nor a folder nor a symbolic link.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = tar.getmembers()
        links = {_path(each) for each in members if each.issym()}
        for member in members:
            _check(member, links)
        folder.mkdir(parents=True, exist_ok=True)
        for member in members:
            _write(tar, member, folder.joinpath(*_path(member).parts))


def _path(member: tarfile.TarInfo) -> PurePosixPath:
    return PurePosixPath(member.name)


def _check(member: tarfile.TarInfo, links: set[PurePosixPath]) -> None:
    path = _path(member)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name:
        raise Problem(f"The code holds a path that leaves its folder: {member.name!r}. Remove it from the commit")
    if not links.isdisjoint(path.parents):
        raise Problem(f"The code holds a file below a link: {member.name!r}. Remove it from the commit")
    if member.issym() and not _stays_inside(path, PurePosixPath(member.linkname)):
        raise Problem(
            f"The code holds a link that leaves its folder: {member.name!r} to {member.linkname!r}. "
            f"Remove it from the commit"
        )
    if not (member.isreg() or member.isdir() or member.issym()):
        raise Problem(f"The code holds {member.name!r}, which is not a file, folder or symbolic link. Remove it")


def _stays_inside(path: PurePosixPath, target: PurePosixPath) -> bool:
    """Whether a link ends inside. `..` may only come first: after a name, which may be a link, it is unsafe."""
    up = next((number for number, part in enumerate(target.parts) if part != ".."), len(target.parts))
    return not target.is_absolute() and up < len(path.parts) and ".." not in target.parts[up:]


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        place.symlink_to(member.linkname)
        return
    content = tar.extractfile(member)
    assert content
    place.write_bytes(content.read())
    place.chmod(0o755 if member.mode & 0o100 else 0o644)
