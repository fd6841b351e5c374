"""The formats of reports: one module for each, a pure function from a `Report` to bytes."""
