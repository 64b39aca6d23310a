"""A run from the request to its results: the folder that holds it, and the process that fills the folder."""
