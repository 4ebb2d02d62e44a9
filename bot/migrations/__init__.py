"""The database's schema, brought up to date by Alembic."""
