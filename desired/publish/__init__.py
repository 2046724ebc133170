"""Operations become commits, and `live` moves.

branches        `main` and `live`, which move together or not at all
reconcile       what an operation builds on: `main` with manual edits reverted and manifests brought up to date
targets         the clusters of environments, as the pipeline makes them
publisher       does operations, and publishes what people merged
expected        optimistic locking
commits         the commits that are no operation
result          what became of an operation
verify          does the history again, and compares
status, retirement, applied    what people ask about: the fleet, a service that goes, what clusters have applied
"""
