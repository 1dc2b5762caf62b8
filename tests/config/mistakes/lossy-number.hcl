stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

variables = {
  account = 123456789012345678901234567890
  ratio   = 0.1000000000000000055
  huge    = 1e40
  small   = - 18446744073709551616
}
