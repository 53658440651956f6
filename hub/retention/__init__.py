"""How long what is kept, and the daily work that lets the rest go: in small batches, counted, never in anybody's way.

`policy` is the city's numbers, `removing` knows what belongs to each kind of record, `daily` falls due.
"""
