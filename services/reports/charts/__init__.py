"""Charts as our own SVG, the same in page and PDF."""
