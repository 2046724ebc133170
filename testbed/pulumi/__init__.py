"""A small stand-in for the command `pulumi`, for tests and demonstrations of the stacks.

It runs the same program, shows a plan against what the API servers have, and creates and updates objects. It has no
state, and never deletes or replaces anything: for that, install `pulumi`.
"""
