"""Teaching the second ear: phrases of the bank said aloud in drawn voices, rooms and noises, and a network fitted to them."""
