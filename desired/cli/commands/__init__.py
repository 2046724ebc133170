"""The commands by what they are for. Each one builds its operation where its options are.

What a command needs is imported when it runs, so that the command line itself, and completion, start at once.
"""
