"""The kinds of reports: one module for each, a pure function from what was known to a `Report`."""
