stack "dash board" {
  region    = "us-east-1a"
  terraform = "terraform/stacks/dashboard"
}

image "web" {
  template = "packer/dashboard"
  name     = "web:latest"
}

environment "../prod" {
}

task {
  command = []
}

variables = { "1st" = 1 }
