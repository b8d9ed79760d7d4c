"""`hwb`: the server's command line, one thin module a command group."""
