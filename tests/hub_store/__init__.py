"""The hub's store, roster, ingest and service."""
