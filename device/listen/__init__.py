"""Hearing: microphone, end of speech, recognizers."""
