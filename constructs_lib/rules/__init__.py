"""Fleet rules: what must be true of a cluster's rendered objects, each said by one function.

A rule yields the subject of each finding, and what is wrong with it, with the remedy. Rules over one unit run where
the unit is rendered; those over a cluster run on all facts. To add one, write its function (see `rule.py`) into the
module of its kind, name it in `all_rules.py`, plant a defect for it in `tests/constructs_lib/rules/`, and add its line
to `docs/rules.md`.

    facts.py, declarations.py       what rules know
    objects.py, workloads.py, selectors.py, policies.py, attachments.py     how Kubernetes reads it
    lookups.py, unit.py, cluster.py     how rules find it
    rule.py, all_rules.py, check.py, exemptions.py      how rules are written, listed and asked

This module imports nothing, so that who needs only the facts does not load every rule.
"""
