"""Rules of the house: what must hold for the source, its words and its documents."""
