"""Flask: pages, JSON API, command line. Knows no SQL and no SpiffWorkflow."""
