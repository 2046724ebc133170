"""What each operation does to an environment, one function each: `(operation, facts, now) -> Outcome`."""
