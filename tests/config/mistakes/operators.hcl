stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

variables = {
  a = 1 / 0
  b = "x" + 1
  c = { a = 1 }.b
  d = [1, 2][2]
  e = "x${null}"
}
