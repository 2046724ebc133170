"""Secrets stay secret, in what Pulumi keeps and in what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stacks.resources.cluster_spec import ClusterSpec
from tests.stacks.parts import APPS, OURS, SERVED
from tests.support.recording import Run
from tests.support.stacks import SECRETS


@OURS
def test_secrets_are_only_in_values_that_are_marked_as_secret(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    made = runs[cluster_spec.name]
    assert "planted" not in made.in_public()
    if cluster_spec.role == "apps":
        for name in SERVED:
            values = made.one("core/v1:Secret", f"databases/{name}").item["stringData"]
            assert not [key for key in ("uri", "password") if values[key] in made.in_public()]


@OURS
def test_every_secret_setting_is_registered_somewhere(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    # So that the search above would have found it.
    everything = json.dumps([each.item for each in runs[cluster_spec.name].registered])
    unused = {"databaseSeed"} | (set() if cluster_spec.environment.database.backups else {"backupKeyId", "backupKey"})
    expected = {key: text for key, text in SECRETS.items() if key not in unused}
    parts_of = {key: json.loads(text)["clouds.yaml"] if text[0] == "{" else text for key, text in expected.items()}
    assert [key for key, text in parts_of.items() if text not in everything] == []


def test_the_database_seed_is_in_no_value(runs: Mapping[str, Run]) -> None:
    assert SECRETS["databaseSeed"] not in json.dumps([each.item for each in runs[APPS.name].registered])
