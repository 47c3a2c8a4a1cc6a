"""The pages that belong to no one feature, and how days and states look everywhere."""
