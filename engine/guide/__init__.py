"""The claims of the usual comparison, what is known about each on this machine, and which framework suits a person."""
