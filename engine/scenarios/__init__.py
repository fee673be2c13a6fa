"""Scenario tests of diagrams: what a `.test.yaml` says is played on a private copy of the program, with the real engine.

    reading   YAML text -> values with line numbers; refuses whatever could cost time or surprise
    script    values -> `TestFile` with its `Scenario`s, or the `Problem`s that stand against it
    sandbox   a database, a clock and an engine of its own for one scenario; nothing of it is kept or leaves
    scene     what steps and the office's acts work on
    play      one scenario -> `Outcome`
    expecting what a scenario expects, compared with what is there
    coverage  which sequence flows the outcomes have walked
    choosing  which tests concern what was brought into a release

Knows no office: people, furniture and acts are the `Scenes` that the registry carries.
"""
