"""What goes wrong in a way that a person has to read."""


class Problem(Exception):
    """Ends the program; the text names what failed, where, and what became of the rest."""
