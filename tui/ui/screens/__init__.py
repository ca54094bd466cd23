"""The screens: they draw what flows tell and turn keys into flows; none of them knows the wire."""
