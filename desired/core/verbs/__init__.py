"""What each operation does to an environment, one function each: `(operation, state, here, now) -> Outcome`."""
