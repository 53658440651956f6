"""The store: tables, migrations, one writer."""
