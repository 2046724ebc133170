"""What the commands that only read show: tables for people, JSON for programs."""
