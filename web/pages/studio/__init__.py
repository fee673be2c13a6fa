"""The process owner's studio: changes to the release, their files, checks, trials and publishing. A module per group of pages."""
