"""One clear sentence instead of a traceback."""


class Refused(Exception):
    """Something a person asked for cannot be done.

    The message is one sentence for that person, in Japanese: what is wrong, where, and what to do.
    The command line prints it and ends with 1; a page shows it beside the field.
    """
