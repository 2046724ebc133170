"""What a change does to each cluster, in words: objects are compared, and fields are named as people know them."""
