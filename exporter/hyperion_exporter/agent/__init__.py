"""The agent: calls home, brings the metrics of its machine, and runs what its own policy allows."""
