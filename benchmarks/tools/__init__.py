"""Programs that the benchmarks compare with, built from pinned Go modules.

Each folder here holds the go.mod and go.sum of one program: its `tool` line names the main package, its `require`
lines pin the version. `benchmarks.tools.build.tool` builds one into a cache and returns the path of its binary.
"""
