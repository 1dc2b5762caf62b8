stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

variables {
  size = 1
}

environment = "prod"

environment "prod" {
  backend = "s3"
  template = "x"
}
