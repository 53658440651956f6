"""`mimamori understand`: what a sentence means."""
