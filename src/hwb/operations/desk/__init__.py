"""Hwb Support's desk: cases, what is seen in them, and what is done in them (ux.md 6.5)."""
