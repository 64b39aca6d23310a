"""Processes that wait: they have loaded what the next run or the next question will need."""
