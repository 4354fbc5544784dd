"""Money: double entry in integer fen. Knows nothing of cities, cards or matters."""
