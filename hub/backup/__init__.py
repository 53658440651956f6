"""Backups: made while the hub runs, encrypted to a public key, and worth nothing until a restore has been tried.

`making` takes a snapshot and writes the archive, `restoring` checks one and puts it in place, `archive` is the file
format (tar, gzip, age), `keys` the pair of keys. The machine that makes backups never holds the key that opens them.
"""
