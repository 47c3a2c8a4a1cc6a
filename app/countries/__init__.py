"""Countries, their M49 regions and associations, and the subscribers of INFCIRC/908."""
