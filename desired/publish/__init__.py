"""Operations become commits, and `live` moves.

branches        `main` and `live`, which move together or not at all
reconcile       what an operation builds on: `main` with manual edits reverted and manifests brought up to date
targets         the clusters of environments, as the pipeline makes them
publisher       runs operations, and publishes what people merged
expected        optimistic locking
commits         the commits that are not operations
placeholders    digests that no registry has
result          the result of an operation
verify          repeats the history, and compares
status, comparison, retirement, applied    reports: the fleet, what differs in it, a service that is retired, what
                clusters have applied
"""
