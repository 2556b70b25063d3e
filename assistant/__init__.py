"""The decision: from a message in people's own words to a duty, quoted from the list."""
