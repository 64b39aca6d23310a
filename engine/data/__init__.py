"""A table becomes checked, cleaned and split rows: what was chosen of it, what is wrong with it, and who learns from which row."""
