"""What the commands do: one file per subject; each function returns what is to be printed."""
