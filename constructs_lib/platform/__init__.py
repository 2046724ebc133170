"""The components of a cluster that are not services: constructs, too, made for an environment and a role."""
