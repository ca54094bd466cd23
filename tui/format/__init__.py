"""Text for people, the same on the screen and in commands: untrusted text made safe, units, signs, bars."""
