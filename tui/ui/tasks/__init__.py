"""Work that outlives the screen that started it."""
