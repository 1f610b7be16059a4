"""Deliberate defects, to see that the suite notices them. Nothing of this is ever part of the app."""
