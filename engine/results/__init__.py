"""What a run found, read from its folder and said in words and tables."""
