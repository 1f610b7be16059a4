"""TEST USE ONLY: the main job end to end over HTTP: shipped processes, stand-in world."""
