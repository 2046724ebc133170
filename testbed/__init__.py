"""A real Kubernetes control plane, Flux, Envoy Gateway and Envoy as plain processes, for tests and for looking at.

Everything runs in network, mount and process namespaces of its own, so that nothing leaks and nothing survives.
"""
