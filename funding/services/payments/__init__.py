"""From award to bank and back: tranches, payees, files for the bank, its statements."""
