"""What `cdk8s synth` runs: writes `manifests/` for every environment."""

import sys
from pathlib import Path

from constructs_lib.synth.command import scratch_folder, synthesize

from .compose import components

sys.exit(synthesize(Path.cwd(), components, scratch_folder(Path.cwd())))
