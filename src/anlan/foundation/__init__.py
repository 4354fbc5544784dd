"""Floor 0: what everything stands on. Knows nothing of cities, matters or services."""
