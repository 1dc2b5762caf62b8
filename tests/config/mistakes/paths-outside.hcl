stack "dashboard" {
  region    = "us-east-1"
  terraform = "../other/terraform"
}

image "web" {
  template = "/srv/packer/web.json"
  inputs   = ["app/**", "../shared/**", "src/{a,b"]
}
