stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
  region    = "eu-west-1"
}
