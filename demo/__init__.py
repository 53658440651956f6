"""A town's morning of check-ins on one machine."""
