"""Adapters for what is outside the repository: clusters and image registries."""
