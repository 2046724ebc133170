"""From values to committed manifests: plan, render, check, exchange. Nothing here starts node but `builder`."""
