"""Adapters, one file for each thing outside: clusters, and registries of images."""
