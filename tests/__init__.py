"""The specification, in sentences that can fail."""
