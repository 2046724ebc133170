"""Tools that read the stacks: the command, the plan comment, capacity, the drawing, schemas. They register nothing."""
