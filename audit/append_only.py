"""Database triggers that make a table append-only: updates, deletions and truncation are refused by the
database.

Installed by migration. Removing them is a schema change that only the owner of the schema can make; on a
production PostgreSQL the application's role should also hold no more than INSERT and SELECT on these tables.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("audit_receipt", "audit_checkpoint")

_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the tables append-only; harmless when they already are."""
    _run(connection, _creations(connection.vendor))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away, for reversing the migration and for emptying a test database."""
    _run(connection, _removals(connection.vendor))


def _run(connection: BaseDatabaseWrapper, statements: Iterator[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _creations(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield _FUNCTION
    for table in TABLES:
        if vendor == "postgresql":
            yield (
                f"CREATE OR REPLACE TRIGGER {table}_append_only "
                f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
            )
            continue
        for action in ("update", "delete"):
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{action} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _removals(vendor: str) -> Iterator[str]:
    for table in TABLES:
        if vendor == "postgresql":
            yield f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"
            continue
        for action in ("update", "delete"):
            yield f"DROP TRIGGER IF EXISTS {table}_no_{action}"
