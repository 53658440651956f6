"""What a store raises that could not do a work. Nothing of the transaction is left then."""

from contract.refusal import Refused


class StoreFault(Refused):
    """The store could not be written or read. Nothing of the transaction is left; the same work may be brought again."""


class StoreFull(StoreFault):
    """The disk is full."""


class StoreClosed(RuntimeError):
    """Work was brought after `close()`: a mistake in the order of stopping."""
