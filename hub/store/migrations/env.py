"""Called by Alembic; the connection comes from `hub.store.migrate`, never from a file of its own."""

from alembic import context

from hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    user_module_prefix="tables.",
    # SQLite can undo a CREATE TABLE; Alembic does not rely on it unless told.
    transactional_ddl=True,
    # SQLite cannot alter a column in place: the table is made anew and its rows are carried over.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
