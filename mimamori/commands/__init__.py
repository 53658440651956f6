"""One module a command; each imports its part only when it runs, so that a Pi needs no hub and a hub no audio."""
