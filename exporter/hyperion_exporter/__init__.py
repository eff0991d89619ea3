"""The metrics of one machine, in the names that node_exporter made known."""

__version__ = "0.1.0"
