"""The second ear: the sounds of Japanese read off Whisper's encoder, where its decoder would guess at words."""
