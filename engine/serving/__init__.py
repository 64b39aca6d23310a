"""Serving bundles: a trained model with everything that a server needs to answer."""
