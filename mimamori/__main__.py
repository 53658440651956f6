"""`python -m mimamori`."""

from mimamori.main import main

main()
