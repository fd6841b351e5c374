"""The only door to PostgreSQL: the pool, the migrations, the named queries."""
