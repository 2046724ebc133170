"""The parts of a service, one file each. `Microservice` and the other workloads combine them."""
