"""Everything that is wrong with a table or worth knowing about it, at once."""
