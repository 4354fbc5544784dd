"""The command board: lanes and their rows, filters, the chosen matter, today's figures, deeds for several at once."""
