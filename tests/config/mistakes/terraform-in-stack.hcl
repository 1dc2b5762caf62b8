stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

variable "region" {
  default = "us-east-1"
}

locals {
  a = 1
}
