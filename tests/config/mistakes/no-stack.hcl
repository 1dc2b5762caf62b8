variables = {}
