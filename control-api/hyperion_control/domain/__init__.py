"""Pure rules: no Flask, no SQL, no clock, no network."""
