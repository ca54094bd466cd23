"""Files of any size: whole lines from disk, new files written atomically, tables of custom_ids."""
