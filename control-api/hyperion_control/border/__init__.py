"""Where requests come in: whose they are, what they may, and how a refusal reads."""
