stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

variables = {
  a = uper("x")
  b = join(",")
  c = regex("a", "b")
  d = upper(["x"])
  e = tonumber("12a")
  f = timestamp()
}
