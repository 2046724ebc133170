"""The commands of the stand-in."""

import stat
from pathlib import Path

import pytest

from stacks.resources.settings import MANAGEMENT
from testbed.pulumi import __main__ as command


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FOLDER", "_STACKS", "KUBECONFIGS"):
        monkeypatch.setattr(command, name, tmp_path)
    return tmp_path


def test_made_up_secrets_are_the_same_in_every_run_and_private(folders: Path) -> None:
    found = command.made_up("here-ops")
    assert "gitPassword" in found
    assert len(set(found.values())) == len(found)
    assert command.made_up("here-ops") == found
    assert stat.S_IMODE((folders / "here-ops.secrets.json").stat().st_mode) == 0o600
    assert command.made_up(MANAGEMENT) == {}


def test_a_cluster_of_the_stacks_name_gets_the_database(folders: Path) -> None:
    (folders / "here-ops").write_text("a kubeconfig", encoding="utf-8")
    assert command.made_up("here-ops")["kubeconfig"] == "a kubeconfig"


def test_settings_are_strings_without_encrypted_ones(folders: Path) -> None:
    config = '{"desired:signers": {"a": "b"}, "desired:gitUsername": "me", "desired:gitPassword": {"secure": "v1"}}'
    (folders / "Pulumi.here-ops.yaml").write_text(f"config: {config}", encoding="utf-8")
    assert command.settings("here-ops") == {"signers": '{"a": "b"}', "gitUsername": "me"}
    assert command.settings("there-ops") == {}


def test_outputs_of_a_stack_that_was_not_brought_up_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["stack", "output", "-s", "here-ops"]) == 1
    assert capsys.readouterr().err == "error: the stack here-ops has no outputs; bring it up first\n"


@pytest.mark.parametrize("words", [["destroy"], ["refresh"], ["stack"]], ids=" ".join)
def test_an_unknown_command_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([*words, "-s", "here-ops"])
    assert f"the stand-in has no command '{words[0]}'; install pulumi" in capsys.readouterr().err
