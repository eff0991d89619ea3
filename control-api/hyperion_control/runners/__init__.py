"""Ways to a machine; the only room of the API, beside up/, that starts programs."""
