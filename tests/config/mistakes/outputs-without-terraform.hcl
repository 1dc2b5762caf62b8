stack "dashboard" {
  region = "us-east-1"
}

image "dashboard" {
  template = "packer/dashboard"
}

variables = { a = 1 }

summary = [output.url]
