"""Commits as operations: what they say, and what was where.

commit_message  an operation in its commit: a title for people, trailers for programs
release_files   environments as the files of `releases/`, and back
releases        environments at commits
index           what operations did, found without reading all commits
history         what commits say, as operations need it
gather          the facts of one decision, looked up before it is made
"""
