"""The class of databases of an environment: its valid and its invalid fields."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Backups, DatabaseClass, Pooler
from constructs_lib.values import Value
from tests.support.mistakes import by_sentence, mistake


@pytest.mark.parametrize(
    ("model", "fields", "sentence"),
    [
        (DatabaseClass, {"instances": 0}, "DatabaseClass.instances must be at least 1, got 0"),
        (DatabaseClass, {"storage": "much"}, "DatabaseClass.storage must be "),
        (Pooler, {"mode": "statement"}, "Pooler.mode must be 'session' or 'transaction', got 'statement'"),
        (Backups, {"to": "s3://backups/"}, "Backups.to must be a bucket or a folder in it without '/' at its end"),
        (Backups, {"to": "gs://backups"}, "Backups.to must be a bucket"),
        (
            Backups,
            {"endpoint": "http://s3.example.com"},
            "Backups.endpoint must be an address that begins with 'https://', got 'http://s3.example.com'",
        ),
        (
            Backups,
            {"schedule": "0 2 * * *"},
            "Backups.schedule must be six fields of cron, the first for seconds, such as '0 0 2 * * *'",
        ),
    ],
    ids=by_sentence,
)
def test_an_invalid_field_is_refused(model: type[Value], fields: dict[str, Any], sentence: str) -> None:
    complete: dict[type[Value], dict[str, Any]] = {Backups: {"to": "s3://backups"}}
    assert mistake(model, {**complete.get(model, {}), **fields}).startswith(sentence)


def test_a_database_is_small_and_has_no_backups_by_default() -> None:
    wanted = DatabaseClass()
    assert (wanted.instances, wanted.backups, wanted.pooler) == (1, None, None)
    assert Backups(to="s3://backups").retention == "30d"
