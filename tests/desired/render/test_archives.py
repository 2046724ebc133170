"""Code from a commit is unpacked into its folder and nowhere else, on a Python with `filter=` in tarfile or without."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from constructs_lib.values import Problem
from desired.render.archives import unpack
from tests.support.fork import git

Member = tuple[str, bytes, str]
"""Name, kind and, for links, target."""


@pytest.fixture(params=["as it is", "without filter="])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python of 3.11.3 and older knows nothing of filters."""
    if request.param == "as it is":
        return
    for name in ("data_filter", "tar_filter", "fully_trusted_filter", "FilterError"):
        monkeypatch.delattr(tarfile, name, raising=False)

    def extract(self: tarfile.TarFile, *_: object, **__: object) -> None:
        raise TypeError("extractall() got an unexpected keyword argument 'filter'")

    monkeypatch.setattr(tarfile.TarFile, "extractall", extract)
    monkeypatch.setattr(tarfile.TarFile, "extract", extract)


pytestmark = pytest.mark.usefixtures("python")


def archive(*members: Member) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            content = b"x" if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


FINE: Member = ("envs/fine.py", tarfile.REGTYPE, "")
FILE, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
HOSTILE: dict[str, tuple[Member, ...]] = {
    "an absolute path": (("/etc/desired", FILE, ""),),
    "a path of two slashes": (("//etc/desired", FILE, ""),),
    "a path upwards": (("../outside", FILE, ""),),
    "a path upwards in the middle": (("envs/../../outside", FILE, ""),),
    "a folder upwards": (("../outside", tarfile.DIRTYPE, ""),),
    "an absolute link": (("envs/a", LINK, "/etc/passwd"),),
    "a link upwards": (("envs/a", LINK, "../../outside"),),
    "a link to the folder above": (("a", LINK, ".."),),
    "a link upwards behind a name": (("envs/a", LINK, "b/../../../outside"),),
    "a link through a link": (("envs/y", LINK, ".."), ("z", LINK, "envs/y/..")),
    "a file through a link": (("a", LINK, "envs"), ("a/b", FILE, "")),
    "a file through a link that comes later": (("a/b", FILE, ""), ("a", LINK, "envs")),
    "a hard link": (("a", HARD, "/etc/passwd"),),
    "a hard link inside": (("a", HARD, "envs/fine.py"),),
    "a device": (("a", tarfile.CHRTYPE, ""),),
    "a pipe": (("a", tarfile.FIFOTYPE, ""),),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problem, match="The code holds"):
        unpack(archive(FINE, *HOSTILE[name]), tmp_path / "inner" / "code")
    assert list(tmp_path.rglob("*")) == []


def test_files_folders_and_links_inside_are_unpacked(tmp_path: Path) -> None:
    members = (FINE, ("empty", tarfile.DIRTYPE, ""), ("envs/b", LINK, "../envs/fine.py"), ("c", LINK, "envs"))
    unpack(archive(*members), tmp_path / "code")
    assert (tmp_path / "code/empty").is_dir()
    assert (tmp_path / "code/envs/b").read_text() == "x"
    assert (tmp_path / "code/c/fine.py").read_text() == "x"


def test_what_git_packs_is_unpacked_as_it_was(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "envs" / ("deep-" * 30)).mkdir(parents=True)
    git(work, "init", "-q")
    long = Path("envs", "deep-" * 30, "name-" * 20)
    for name in ("envs/a.py", "envs/ärger.py", str(long)):
        (work / name).write_text(f"# {name}\n")
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    git(work, "add", "-A")
    git(work, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "One")
    packed = tmp_path / "packed.tar"
    git(work, "archive", "--format=tar", "-o", str(packed), "HEAD")
    unpack(packed.read_bytes(), tmp_path / "code")
    found = {str(file.relative_to(tmp_path / "code")) for file in (tmp_path / "code").rglob("*") if file.is_file()}
    assert found == {"envs/a.py", "envs/ärger.py", str(long), "run"}
    assert (tmp_path / "code/envs/ärger.py").read_text() == "# envs/ärger.py\n"
    assert (tmp_path / "code/run").stat().st_mode & 0o111
    assert not (tmp_path / "code/envs/a.py").stat().st_mode & 0o111
