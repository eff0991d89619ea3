"""What lasts: tables, queries and migrations. Knows no Flask."""
