stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/dashboard"
}

image "web" {
  template = "packer/web"
}
