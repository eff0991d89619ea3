"""One file per resource: reads the request, calls one use case, answers."""
