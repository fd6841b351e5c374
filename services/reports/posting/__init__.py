"""The forms by which people post: what they ask, how what was filled in is read, what it will change and has changed."""
