"""The reform: its diagrams, decision tables, rules and register."""
