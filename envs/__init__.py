"""The environments: `staging`, `preprod` and `prod`, one value each."""
