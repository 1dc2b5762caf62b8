stack "dashboard" {
  description = "run ${run.id}"
  region      = "us-east-1"
  terraform   = "terraform/stacks/dashboard"
}

image "dashboard" {
  template = "packer/dashboard"
  variables = {
    stamp = run.id
    base  = image.dashboard.id
  }
}

variables = { url = output.url }
