"""The talk with the resident: the pure machines, what they say, and who carries it out."""
