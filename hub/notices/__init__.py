"""Notices: what people must be told, from an outbox in the store to their mail and telephones.

`outbox.put` writes a notice in the transaction of the transition it speaks of. The notifier addresses it, throttles
and bundles it per person, hands it over and tries again until it is out.
"""
