"""The front of the box: one big button, a light, the microphone's switch, and a motion sensor if there is one."""
