"""kill -9 of the hub's parts at any line and any moment: nothing is lost, and everything happens once (P1)."""
