"""The line to the hub: what waits to be sent, the connection, and who says what when."""
