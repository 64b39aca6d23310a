"""The processes behind a run: who may compute, how they speak, and whether they are still there."""
