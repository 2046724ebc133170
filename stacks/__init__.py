"""Pulumi stacks: the Ops/Apps pair of clusters of each environment, their databases, and the management cluster."""
