"""The workload constructs, one for each kind of service, and the objects that its slots share."""
