"""The reform plan by its clauses: what every step of a diagram can name as its ground."""

from processes.plan.clauses import CLAUSES, Clause

__all__ = ["CLAUSES", "Clause"]
