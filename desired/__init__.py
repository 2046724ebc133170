"""Running the fleet: what may be done to an environment, kept in Git, one commit for each operation."""
