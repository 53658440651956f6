"""The speaker in the home: asks, listens, understands, and never loses an answer."""
