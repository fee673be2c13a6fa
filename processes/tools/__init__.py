"""Tools for whoever draws our diagrams; nothing here runs in production."""
