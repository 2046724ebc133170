"""What the stacks register. A change in this folder changes the inputs' digest, and so reaches ops clusters first."""
