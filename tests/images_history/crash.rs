//! What is right after a run that did not get to its end.
