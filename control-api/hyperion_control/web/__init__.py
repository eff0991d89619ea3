"""Pages for people: one file per page, rendered here, without any script."""
