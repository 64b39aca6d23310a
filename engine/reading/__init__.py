"""A file of any kind becomes a table of strings: what it is, how it is laid out, and what in it is no row."""
