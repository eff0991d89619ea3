"""The whole system on one machine, without Docker: what `hyperion up` does."""
