"""One file per subject: check, record, act, in that order."""
