"""The only files of the exporter that start programs or use foreign interfaces."""
