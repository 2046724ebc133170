"""The programs of the test bed and of the benchmarks, built from pinned Go modules.

Each folder here holds the go.mod and go.sum of what one `go build` makes: its `tool` lines name the main packages, its
`require` lines pin the versions. `build.program` builds one into a cache and returns the path of its binary;
`prepare` makes all that the test bed needs.

To move a version: `go get -tool <package>@<version>` and `go mod tidy` in the folder. Where go.mod has `replace` lines
they are those of the program's own go.mod, and move with it.
"""
