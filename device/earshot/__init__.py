"""Several Parleys in earshot of one another: who answers, when more than one hears the wake word."""
