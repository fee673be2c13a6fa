"""Running instances brought to another release: judged, moved one by one in the background, and taken back while nothing has gone on."""
