"""What we say and the ready-made tactics. A package only so that it ships with the program."""
