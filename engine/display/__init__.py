"""How figures, charts and code look, on pages and in reports alike."""
