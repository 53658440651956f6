"""What a speaker and the hub say to each other: events, commands, topics, ids and time.

Everything else may import this package; it imports nothing of ours.
"""

VERSION = 1
"""The wire version, the second segment of every topic. A change that old speakers cannot read is a new number."""
