"""A file becomes a checked and split data set."""
