"""What a user configured for their own Git, or where in the clone they are, changes nothing that is parsed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from desired.core.errors import Problem, Refused
from desired.git import Clone
from desired.publish.verify import verify
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import Developer, ask, deploy

HOSTILE = {
    "log.showSignature": "true",
    "log.decorate": "full",
    "log.abbrevCommit": "true",
    "log.date": "relative",
    "log.follow": "true",
    "log.mailmap": "true",
    "format.pretty": "oneline",
    "diff.noprefix": "true",
    "diff.renames": "copies",
    "diff.orderFile": "README.md",
    "diff.ignoreSubmodules": "all",
    "diff.relative": "true",
    "diff.external": "false",
    "diff.algorithm": "patience",
    "core.quotePath": "true",
    "core.abbrev": "4",
    "core.pager": "false",
    "core.editor": "false",
    "core.attributesFile": "README.md",
    "core.autocrlf": "true",
    "core.eol": "crlf",
    "core.safecrlf": "true",
    "core.logAllRefUpdates": "false",
    "core.ignoreCase": "true",
    "core.precomposeUnicode": "true",
    "core.fsmonitor": "false",
    "core.untrackedCache": "true",
    "core.preferSymlinkRefs": "true",
    "color.ui": "always",
    "color.diff": "always",
    "i18n.commitEncoding": "ISO-8859-1",
    "i18n.logOutputEncoding": "UTF-16",
    "column.ui": "always",
    "tar.umask": "0777",
    "push.followTags": "true",
    "push.default": "nothing",
    "push.recurseSubmodules": "check",
    "remote.origin.mirror": "true",
    "remote.origin.tagOpt": "--tags",
    "remote.origin.push": "refs/heads/nowhere:refs/heads/nowhere",
    "fetch.prune": "true",
    "fetch.pruneTags": "true",
    "fetch.recurseSubmodules": "true",
    "fetch.output": "compact",
    "advice.detachedHead": "true",
    "merge.ff": "false",
    "pull.rebase": "true",
    "uploadpack.hideRefs": "refs/heads",
    "mailmap.file": "README.md",
}


def _whole_day(fork: Fork, name: str = "clone") -> None:
    """A merge, a publishing, a canary and its way back; then the history, which must be whole."""
    Developer(fork).push("Döcs", {"README.md": "Ünï.\n"})
    with fork.publisher(name) as publisher:
        assert publisher.publish().status == "live"
        deploy(publisher, "search", 2, canary=True)
        ask(publisher, "canary", environment="staging", service="search", share=40)
        ask(publisher, "rollback", environment="staging", service="search")
        publisher.index.follow(publisher.head())
        assert verify(publisher).problems == ()
        newest = publisher.index.newest("staging", "search", 10)
        assert [each.verb for each in newest] == ["rollback", "canary", "deploy", "start"]
        assert {each.actor for each in newest[:3]} == {"Ada"}
    assert git(fork.remote, "log", "-1", "--format=%an|%s", "live~4") == "Test|Döcs"


@pytest.mark.parametrize("setting", HOSTILE)
def test_a_setting_of_a_user_changes_nothing(fork: Fork, setting: str) -> None:
    clone = fork.clone("clone")
    git(clone, "config", setting, HOSTILE[setting])
    own = Clone(clone)
    try:
        live = own.resolve("origin/live")
        assert live
        [last] = list(own.log(f"{live}^", live))
        assert last.id == live
        assert last.message.startswith("Publish for the first time\n")
        assert own.changed_paths(f"{live}^", live, "releases/") == []
        first = [each for each in own.changes(None, live, "releases/") if each.blobs]
        assert ("releases/preprod/search.yaml", own.tree_id(live, "releases/preprod/search.yaml")) in first[0].blobs
    finally:
        own.close()


def test_with_all_settings_at_once_operations_are_done_and_verified(fork: Fork) -> None:
    clone = fork.clone("clone")
    for setting, value in HOSTILE.items():
        git(clone, "config", setting, value)
    _whole_day(fork)


def test_replaced_objects_are_read_as_they_were_committed(fork: Fork) -> None:
    clone = fork.clone("clone")
    live = git(clone, "rev-parse", "origin/live")
    message = git(clone, "commit-tree", "-m", "Replaced", f"{live}^{{tree}}")
    git(clone, "replace", live, message)
    assert git(clone, "log", "-1", "--format=%s", live) == "Replaced"
    with fork.publisher() as publisher:
        assert publisher.git.message(live).startswith("Publish for the first time")
        deploy(publisher, "search", 2)
        publisher.head()
        assert verify(publisher).problems == ()


def test_grafted_parents_are_read_as_they_were_committed(fork: Fork) -> None:
    clone = fork.clone("clone")
    live = git(clone, "rev-parse", "origin/live")
    (clone / ".git" / "info").mkdir(exist_ok=True)
    (clone / ".git" / "info" / "grafts").write_text(f"{live}\n")
    own = Clone(clone)
    assert [each.id for each in own.log(None, live)][-1] == live
    assert len(list(own.log(None, live))) == 2
    own.close()


@pytest.mark.parametrize("below", ["apps", "releases/staging", ".git", ".git/refs"])
def test_any_folder_of_a_clone_is_the_same_as_its_root(fork: Fork, below: str) -> None:
    made = "manifests/preprod-apps/apps/search-blue/deployment-search-blue.yaml"
    release = "releases/preprod/search.yaml"
    before = [git(fork.remote, "show", f"live:{path}") for path in (made, release)]
    texts = {path: text.replace("sha256:0", "sha256:d") for path, text in zip((made, release), before, strict=True)}
    Developer(fork).push("By hand", dict(texts))
    desired = Desired(fork.clone("clone") / below)
    assert "reverted releases/preprod/search.yaml" in desired("publish").output.replace("\n", " ")
    assert [git(fork.remote, "show", f"live:{path}") for path in (made, release)] == before
    assert desired("verify").exit_code == 0
    words = ("deploy", "search", "--image", image("search", 2), "-e", "staging", "--key", "k1")
    desired(*words)
    assert "Done before" in desired(*words).output
    assert "search" in desired("history").output


def test_a_work_tree_of_its_own_is_the_same_as_the_clone(fork: Fork) -> None:
    clone = fork.clone("clone")
    git(clone, "worktree", "add", "-q", str(fork.folder / "tree"), "-b", "other")
    desired = Desired(fork.folder / "tree" / "apps")
    desired("deploy", "search", "--image", image("search", 2), "-e", "staging")
    assert desired("verify").exit_code == 0


def test_a_repository_whose_path_has_a_line_break_and_odd_bytes_works(fork: Fork) -> None:
    odd = fork.folder / os.fsdecode(b"a\nb \xff")
    fork.clone("clone").rename(odd)
    desired = Desired(odd)
    desired("deploy", "search", "--image", image("search", 2), "-e", "staging")
    assert desired("verify").exit_code == 0


@pytest.mark.parametrize("name", [b"Ad\xe4", b"Ada \x1b[31m"])
def test_a_name_of_a_user_that_is_no_text_is_a_sentence(fork: Fork, name: bytes) -> None:
    clone = fork.clone("clone")
    subprocess.run([b"git", b"config", b"user.name", name], cwd=clone, check=True)
    shown = Desired(clone)("deploy", "search", "--image", image("search", 2), "-e", "staging", code=1).output
    assert "user.name of git config must be" in shown


# Shallow and partial clones


def _cloned(fork: Fork, *words: str) -> Path:
    git(fork.folder, "clone", "-q", "-b", "main", *words, f"file://{fork.remote}", "clone")
    return fork.clone("clone")


def test_a_shallow_clone_fetches_what_it_needs_to_know_a_key(fork: Fork) -> None:
    with fork.publisher("first") as publisher:
        deploy(publisher, "search", 2, canary=True)
        ask(publisher, "canary", environment="staging", service="search", share=40, key="k40")
        ask(publisher, "canary", environment="staging", service="search", share=100)
    clone = _cloned(fork, "--depth", "1")
    for each, value in {"user.name": "Ada", "user.email": "ada@example.com"}.items():
        git(clone, "config", each, value)
    answer = Desired(clone)("canary", "search", "40", "-e", "staging", "--key", "k40")
    assert "Done before" in answer.output
    assert "share: 100" in git(fork.remote, "show", "live:releases/staging/rollouts/search.yaml")
    assert Desired(clone)("verify").exit_code == 0


def test_a_shallow_clone_without_a_remote_says_what_it_cannot_know(fork: Fork) -> None:
    clone = _cloned(fork, "--depth", "1")
    git(clone, "branch", "live", "origin/main")
    git(clone, "remote", "remove", "origin")
    shown = Desired(clone)("history", code=1).output
    assert "This clone is shallow" in shown
    assert "git fetch --unshallow" in shown


def test_a_partial_clone_fetches_contents_as_it_needs_them(fork: Fork) -> None:
    git(fork.remote, "config", "uploadpack.allowFilter", "true")
    git(fork.remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = _cloned(fork, "--filter=blob:none", "--no-checkout")
    assert git(clone, "config", "remote.origin.promisor") == "true"
    desired = Desired(clone)
    desired("deploy", "search", "--image", image("search", 2), "-e", "staging")
    assert desired("verify").exit_code == 0


# Attributes, tags and messages of others


def test_attributes_of_the_repository_change_nothing_of_the_code_at_a_commit(fork: Fork) -> None:
    attributes = "apps/ledger.py export-ignore\napps/search.py export-subst\n*.py text eol=crlf\n"
    developer = Developer(fork)
    text = developer.read("apps/search.py").replace('"team-a"', '"team-b"') + "# $Format:%H$\n"
    developer.push("Attributes", {".gitattributes": attributes, "apps/search.py": text})
    with fork.publisher() as publisher:
        assert publisher.publish().unused == ()
        made = "live:manifests/staging-apps/apps/{0}-blue/deployment-{0}-blue.yaml"
        assert "team-b" in git(fork.remote, "show", made.format("search"))
        assert "team-a" in git(fork.remote, "show", made.format("ledger"))
        live = publisher.head()
        code = publisher.sources.code(live).folder
        assert (code / "apps" / "search.py").read_text() == text
        assert (code / "apps" / "ledger.py").is_file()


def test_a_tag_that_moved_is_said_and_other_tags_do_not_matter(fork: Fork) -> None:
    clone = fork.clone("clone")
    for tag in ("v1", "v2"):
        git(fork.remote, "tag", tag, "main")
    git(clone, "fetch", "-q", "--tags")
    Developer(fork).push("More", {"README.md": "More.\n"})
    git(fork.remote, "tag", "-f", "v2", "main")
    with fork.publisher() as publisher:
        publisher.branches.fetch_tag("v1")
        with pytest.raises(Refused, match=r"The tag v2 was moved: the remote origin has .*, this clone .*"):
            publisher.branches.fetch_tag("v2")
        git(fork.remote, "tag", "v3", "main")
        publisher.branches.fetch_tag("v3")
        assert publisher.git.resolve("refs/tags/v3") == fork.tip("main")


def test_what_a_remote_says_cannot_change_a_terminal(fork: Fork) -> None:
    hook = fork.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nprintf '\\033[2J\\033[31mred \\007 \\302\\233 31m\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    with fork.publisher() as publisher, pytest.raises(Problem) as refused:
        deploy(publisher, "search", 2)
    assert refused.value.sentences[0].isprintable()


def test_what_people_commit_cannot_change_a_terminal(fork: Fork) -> None:
    developer = Developer(fork)
    git(developer.folder, "config", "user.name", "Eve \x1b[2J\u202e")
    developer.push("\x1b[31mred\x07", {"releases/staging/search.yaml": "a: \x1b[2J\n"})
    desired = Desired(fork.clone("clone"))
    for words in (("publish",), ("history",), ("show", "HEAD"), ("status",)):
        shown = desired(*words).output
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}, words
