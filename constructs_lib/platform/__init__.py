"""The platform components of a cluster. Each is a construct that takes an environment and a role."""
