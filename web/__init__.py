"""The chat page and the JSON API. No routing logic lives here."""
