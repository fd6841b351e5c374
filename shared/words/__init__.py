"""Indonesian and English: the catalogue of strings, dates as people write them."""
