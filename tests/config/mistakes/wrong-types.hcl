stack "dashboard" {
  region    = ["us-east-1"]
  terraform = "terraform/stacks/dashboard"
  default   = "true"
}

image "dashboard" {
  template = "packer/dashboard"
  keep     = "2"
  inputs   = "infra/**"
  naming   = "exakt"
}

check "front" {
  url     = "example.com"
  status  = 99
  timeout = 30
}

check "back" {
  url     = "http://example.com"
  timeout = "5 minutes"
}

summary   = "done"
variables = [1]
