"""The four publics: policies, standards, procedures and results, for everybody and without an account (R-115).

No diagram stands here: what is shown of diagrams and tables is that of the active release.
"""
