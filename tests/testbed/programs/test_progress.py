"""What a person and a log see of a long step."""

import os

import pytest

from testbed.programs.progress import Line


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr("time.monotonic", made)
    return made


def test_a_log_has_the_begin_and_the_end_and_a_line_every_thirty_seconds(
    clock: _Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Line("[3/11] building etcd v3.6.5") as line:
        for _ in range(70):
            clock.now += 1
            line.alive()
    assert capsys.readouterr().err.splitlines() == [
        "[3/11] building etcd v3.6.5 …",
        "[3/11] building etcd v3.6.5 … 30 s",
        "[3/11] building etcd v3.6.5 … 60 s",
        "[3/11] building etcd v3.6.5 … 70 s, done",
    ]


def test_a_terminal_has_one_line_that_counts_and_fits(
    clock: _Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((30, 24)))
    with Line("building kube-apiserver, kube-scheduler v1.36.3") as line:
        for _ in range(2):
            clock.now += 1
            line.alive()
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert shown.endswith("\n")
    lines = shown.rstrip("\n").split("\r\033[K")[1:]
    assert [text.rpartition("… ")[2] for text in lines[1:]] == ["1 s", "2 s", "2 s, done"]
    assert all(len(text) < 30 for text in lines)


@pytest.mark.usefixtures("clock")
def test_a_step_that_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), Line("building etcd v3.6.5"):
        raise RuntimeError
    assert capsys.readouterr().err.splitlines()[-1] == "building etcd v3.6.5 … 0 s, failed"
