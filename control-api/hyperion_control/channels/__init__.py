"""Other servers that we ask or tell something."""
