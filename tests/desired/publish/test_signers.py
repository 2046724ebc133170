"""Where an environment names signers, only what one of them signed counts; anchors show a rewritten past."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from desired.publish.verify import verify
from tests.support.command_line import Desired
from tests.support.fork import Fork, git, image
from tests.support.people import Developer

ADA, BOB = "ada@example.com", "bob@example.com"
RELEASE = "releases/staging/search.yaml"


@dataclass(frozen=True)
class Person:
    """Somebody with a clone and a key of their own."""

    address: str
    clone: Path
    line: str

    @property
    def desired(self) -> Desired:
        return Desired(self.clone)

    def deploy(self, number: int, environment: str = "staging", code: int = 0, *more: str) -> str:
        words = ("deploy", "search", "--image", image("search", number), "-e", environment, *more)
        return " ".join(self.desired(*words, code=code).output.split())


def person(fork: Fork, address: str, *, key: bool = True) -> Person:
    """A person, whose Git signs nothing by itself."""
    name = address.partition("@")[0]
    clone, file = fork.clone(name), fork.folder / f"key-{name}"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)], check=True)
    git(clone, "config", "user.email", address)
    if key:
        git(clone, "config", "user.signingkey", str(file))
    return Person(address, clone, f"{address} {' '.join(file.with_suffix('.pub').read_text().split()[:2])}")


def name_signers(by: Person, *people: Person, environment: str = "staging", code: int = 0) -> str:
    file = by.clone.parent / "signers"
    file.write_text("# who may\n" + "".join(f"{each.line} a comment\n" for each in people))
    return " ".join(by.desired("signers", str(file), "-e", environment, code=code).output.split())


def problems(fork: Fork, name: str = "auditor") -> tuple[str, ...]:
    with fork.publisher(name) as publisher:
        publisher.head()
        return verify(publisher).problems


def test_what_a_signer_signs_counts_and_verify_says_by_whom(fork: Fork) -> None:
    ada, bob = person(fork, ADA), person(fork, BOB)
    name_signers(ada, ada, bob)
    assert git(fork.remote, "show", "live:releases/staging/allowed_signers") == f"{ada.line}\n{bob.line}"
    ada.deploy(2)
    bob.deploy(3)
    answer = bob.desired("verify").output
    assert f"staging: signed by {ADA} (1), {BOB} (1)" in answer, answer
    assert problems(fork) == ()


def test_git_itself_finds_the_signature_good(fork: Fork) -> None:
    ada = person(fork, ADA)
    name_signers(ada, ada)
    ada.deploy(2)
    allowed = fork.folder / "allowed"
    allowed.write_text(git(fork.remote, "show", "live:releases/staging/allowed_signers") + "\n")
    git(fork.remote, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", "live")


@pytest.mark.parametrize("key", [False, True])
def test_who_is_no_signer_or_has_no_key_is_refused_and_nothing_moves(fork: Fork, key: bool) -> None:
    ada, eve = person(fork, ADA), person(fork, "eve@example.com", key=key)
    name_signers(ada, ada)
    before = fork.tip("live")
    answer = eve.deploy(2, code=3 if key else 1)
    assert "user.signingkey" in answer, answer
    assert fork.tip("live") == before
    # Elsewhere nothing has changed.
    assert "Live at" in eve.deploy(2, "preprod")
    assert problems(fork) == ()


def test_a_signer_cannot_act_under_the_name_of_another_one(fork: Fork) -> None:
    ada, bob = person(fork, ADA), person(fork, BOB)
    name_signers(ada, ada, bob)
    answer = bob.desired(
        "--actor", f"Ada <{ADA}>", "deploy", "search", "--image", image("search", 2), "-e", "staging", code=3
    )
    assert f"not signed by {ADA}" in " ".join(answer.output.split())


def test_who_names_signers_is_one_of_them_before_and_afterwards(fork: Fork) -> None:
    ada, bob = person(fork, ADA), person(fork, BOB)
    assert f"not signed by {BOB} as one of the signers that it names" in name_signers(bob, ada, code=3)
    name_signers(ada, ada)
    assert "not signed by" in name_signers(bob, bob, code=3)
    name_signers(ada, ada, bob)
    name_signers(bob)
    assert "Live at" in person(fork, "eve@example.com").deploy(4)
    assert problems(fork) == ()


def _forged(fork: Fork, message: str, files: dict[str, str], *branches: str) -> str:
    developer = Developer(fork)
    commit = developer.push(message, dict(files))
    for branch in branches:
        git(developer.folder, "push", "-q", "origin", f"HEAD:{branch}")
    return commit


@pytest.mark.parametrize("branches", [(), ("live",)])
def test_an_operation_that_somebody_forged_is_put_back(fork: Fork, branches: tuple[str, ...]) -> None:
    ada, eve = person(fork, ADA), person(fork, "eve@example.com")
    ada.deploy(2)
    name_signers(ada, ada)
    ada.deploy(3)
    # What Ada had signed is repeated on top, with another image, and in all else as the publisher writes it.
    message = git(fork.remote, "log", "-1", "--format=%B", "live").replace(f"{3:064x}", f"{9:064x}")
    key = next(line for line in message.splitlines() if line.startswith("Desired-Key: "))
    forged = Developer(fork, "forger")
    text = forged.read(RELEASE).replace(f"{3:064x}", f"{9:064x}")
    path = "manifests/staging-apps/apps/search-blue/deployment-search-blue.yaml"
    manifest = forged.read(path).replace(f"{3:064x}", f"{9:064x}")
    for file, content in ((RELEASE, text), (path, manifest)):
        (forged.folder / file).write_text(content)
    git(forged.folder, "add", "-A")
    for name, folder in (("Desired-Revision", "releases"), ("Desired-Manifests", "manifests")):
        old = next(line for line in message.splitlines() if line.startswith(f"{name}: "))
        tree = git(forged.folder, "write-tree", f"--prefix={folder}/")
        message = message.replace(old, f"{name}: {tree}")
    message = message.replace(key, "Desired-Key: forged")
    when = git(fork.remote, "log", "-1", "--format=%ad", "--date=raw", "live")
    git(forged.folder, "commit", "-q", "-m", message, "--date", when)
    git(forged.folder, "push", "-q", "origin", "HEAD:main", *(f"HEAD:{each}" for each in branches))
    assert "Published" in eve.desired("publish").output
    assert f"{9:064x}" not in git(fork.remote, "show", f"live:{RELEASE}")
    assert f"{9:064x}" not in git(fork.remote, "show", f"live:{path}")
    assert f"{3:064x}" in git(fork.remote, "show", f"live:{RELEASE}")
    assert problems(fork) == ()


def test_signers_that_somebody_edits_by_hand_are_put_back(fork: Fork) -> None:
    ada, eve = person(fork, ADA), person(fork, "eve@example.com")
    name_signers(ada, ada)
    _forged(fork, "me too", {"releases/staging/allowed_signers": f"{ada.line}\n{eve.line}\n"})
    assert "reverted releases/staging/allowed_signers" in " ".join(eve.desired("publish").output.split())
    assert git(fork.remote, "show", "live:releases/staging/allowed_signers") == ada.line
    eve.deploy(2, code=3)


def test_code_that_no_signer_publishes_waits_in_that_environment_alone(fork: Fork) -> None:
    ada, eve = person(fork, ADA), person(fork, "eve@example.com")
    name_signers(ada, ada)
    path = "constructs_lib/platform/priorities.py"
    text = Developer(fork).read(path)
    _forged(fork, "Another sentence", {path: text.replace("Services of tier", "All services of tier")})
    made = "live:manifests/{}-ops/platform/priorities/priorityclass-tier-1.yaml"
    answer = eve.desired("publish", code=6).output
    assert "one of its signers has to publish" in " ".join(answer.split())
    assert "All services" in git(fork.remote, "show", made.format("preprod"))
    assert "All services" not in git(fork.remote, "show", made.format("staging"))
    assert problems(fork) == ()
    ada.desired("publish")
    assert "All services" in git(fork.remote, "show", made.format("staging"))
    assert problems(fork) == ()


def test_a_line_that_is_no_signer_is_a_sentence(fork: Fork) -> None:
    ada = person(fork, ADA)
    file = fork.folder / "bad"
    for text in ("ada@example.com", "ada ssh-ed25519 AAAA", "* ssh-ed25519 " + "A" * 60, "a@b cert-authority ssh-rsa"):
        file.write_text(text + "\n")
        answer = " ".join(ada.desired("signers", str(file), "-e", "staging", code=1).output.split())
        assert "an address and a public key" in answer
    assert "cannot read" in ada.desired("signers", str(fork.folder / "none"), "-e", "staging", code=1).output


def test_an_anchor_shows_a_rewritten_past_to_a_clone_that_never_saw_it(fork: Fork) -> None:
    ada = person(fork, ADA)
    ada.deploy(2)
    answer = ada.desired("anchor").output
    assert "is verified. The tag desired/" in answer
    anchored = fork.tip("live")
    assert problems(fork, "before") == ()
    # The whole history is written again, with another reason in one operation: each commit on its own is right.
    rewriter = fork.clone("rewriter")
    message = git(rewriter, "log", "-1", "--format=%B")
    author = git(rewriter, "log", "-1", "--format=%ae")
    message = message.replace("Desired-Actor: Test", "Desired-Actor: Bob")
    git(rewriter, "commit", "-q", "--amend", "--author", f"Bob <{author}>", "-m", message)
    git(rewriter, "push", "-q", "-f", "origin", "HEAD:main", "HEAD:live")
    found = problems(fork, "after")
    assert any(f"does not contain {anchored[:12]}, which the anchor desired/" in each for each in found), found
    # Without the tag, nothing shows it there: a clone that never saw the log believes what it finds.
    name = git(fork.remote, "tag", "-l")
    git(fork.remote, "tag", "-d", name)
    assert problems(fork, "later") == ()
    # A clone that has the tag keeps it.
    assert any("does not contain" in each for each in problems(fork, "after"))


def test_an_anchor_is_not_set_on_a_history_that_is_wrong(fork: Fork) -> None:
    ada = person(fork, ADA)
    text = Developer(fork).read(RELEASE)
    _forged(fork, "mine", {RELEASE: text.replace("sha256:0", "sha256:d")}, "live")
    assert "Cannot set an anchor" in " ".join(ada.desired("anchor", code=1).output.split())


def test_where_signers_are_named_only_their_anchors_count(fork: Fork) -> None:
    ada, eve = person(fork, ADA), person(fork, "eve@example.com")
    name_signers(ada, ada)
    git(eve.clone, "commit", "-q", "--allow-empty", "-m", "nonsense")
    git(eve.clone, "tag", "-a", "-m", "false alarm", "desired/nonsense")
    git(eve.clone, "push", "-q", "origin", "desired/nonsense")
    assert problems(fork) == ()
    assert f"signed by {ADA}" in ada.desired("anchor").output
