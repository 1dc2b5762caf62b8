stack "dashboard" {
  region   = "us-east-1"
  teraform = "terraform/stacks/dashboard"
}
