"""Bytes become letters: which encoding a text is in, and how languages are written"""
