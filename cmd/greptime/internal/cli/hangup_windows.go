package cli

func writeFromBackground() {}
