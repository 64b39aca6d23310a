"""A trained model carried into the other framework, with the proof that it is the same."""
