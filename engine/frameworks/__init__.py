"""The two wings: what a student reads, with the same files and functions in each framework."""
