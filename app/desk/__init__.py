"""The desk: what organisers and the committee decide next, and the plan of the years ahead."""
