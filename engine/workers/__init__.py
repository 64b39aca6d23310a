"""The process of one framework: the only one that loads it."""
