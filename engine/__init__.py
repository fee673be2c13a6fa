"""Runs BPMN process instances durably on SpiffWorkflow; knows no HTTP and no regulation."""
