stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

image "dashboard" {
  template = "packer/dashboard"
  name     = "web"
}

image "dashboard" {
  template = "packer/dashboard"
}

image "other" {
  template = "packer/dashboard"
  name     = "web"
}

environment "prod" {
}

environment "prod" {
}
