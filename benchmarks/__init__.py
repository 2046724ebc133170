"""`make bench` compares synth with Helm and Kustomize on generated fleets, in one run on one machine."""
