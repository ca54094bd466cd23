"""The verbs without a screen: for scripts, cron, pipes."""
