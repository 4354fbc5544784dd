"""安澜 Anlan: one open platform on which a city hears its residents, routes what they say, and resolves it."""
