"""JSON in the shapes in which labelled texts are written down, and as other programs export it."""
