"""Which version this is."""

VERSION = "0.1.0"
"""Kembar's own, as in pyproject.toml."""
