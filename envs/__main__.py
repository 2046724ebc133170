"""Writes `manifests/`; `cdk8s synth` runs this module. `python -m envs --help` lists its options."""

import sys

from desired.cli.work_tree import main

sys.exit(main("envs.compose"))
