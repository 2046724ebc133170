"""What `cdk8s synth` runs: writes `manifests/`. `python -m envs --help` lists what else there is."""

import sys

from desired.cli.work_tree import main

from .compose import FLEET

sys.exit(main(FLEET))
