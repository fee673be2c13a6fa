"""Policy as data: who proposes and confirms the values of parameters, and how they are told. No diagram stands here."""
