"""How the speaker leaves whatever it is in the middle of when it is switched off."""


class Abandoned(Exception):
    """The speaker is being switched off; the asking stays open, and is taken up again after the next start."""
