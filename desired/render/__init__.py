"""The one pipeline from a source to manifests: source → plan → render what is missing → check → files.

fleet, server           the renderer: what a repository passes in, and the program that answers requests about it
own_code, own_reads     how code of apps/ and envs/ runs: what stops it, and what it may read
pool                    renderer processes with the code of the work tree or of commits
source, source_at_commit, work_tree    where code and releases come from
inputs, plans, pipeline the steps
manifests, files, cache the results, on their way to a commit or a folder
yaml, fingerprint       how files are written, and the digest of the code that writes them
synth                   what `cdk8s synth` runs
"""

from .fleet import Fleet
from .server import serve

__all__ = ["Fleet", "serve"]
