from brainuad.cli import main

main()
