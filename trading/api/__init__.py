"""Trading over REST: each view translates, makes one call and translates back. Shapes stand in schemas.py."""
