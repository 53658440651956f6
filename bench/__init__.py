"""What `mimamori bench` measures."""
