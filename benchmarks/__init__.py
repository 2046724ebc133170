"""`make bench`: synth measured against Helm and Kustomize on generated fleets, in one run on one machine."""
