"""What `cdk8s synth` runs: writes `manifests/` for every environment. `python -m envs --help` lists what else it does."""

import sys

from desired.cli.work_tree import main

from .compose import FLEET

sys.exit(main(FLEET))
