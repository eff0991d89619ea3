"""Acts on machines for people who may, and records it first."""

__version__ = "0.1.0"
