"""Series: the lasting undertakings, each with the rule by which its editions recur."""
