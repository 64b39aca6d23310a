"""Texts become numbers, without any framework."""
