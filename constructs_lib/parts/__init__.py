"""The parts of a service, one file each. `Microservice` and its siblings say which they have."""
