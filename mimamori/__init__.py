"""The command line: the one room that may wire every part together."""
