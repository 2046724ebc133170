"""`desired new`: a fresh platform repository, small enough to be read in a minute."""
