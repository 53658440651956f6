"""The town's side: knows what it should have heard, tells silence from a broken line, fills the queue."""
