"""Kill -9 at every step boundary and in the middle of every step: nothing is lost and nothing is done twice."""
