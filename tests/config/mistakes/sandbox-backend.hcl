stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

environment "sandbox" {
  backend "s3" {
    bucket = "state"
  }
}

environment "prod" {
  approve = "never"
  backend "s3" {
    bucket = "state"
    workspaces {
      name = "x"
    }
  }
  image "web" {
    keep = 3
  }
}
