"""Speaking: voices, loudspeaker, prompts rendered ahead."""
