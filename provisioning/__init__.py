"""What makes a home or a hub ready: speech models, broker, keys."""
