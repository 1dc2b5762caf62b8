terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39, < 7"
    }
  }
}

# The region comes from AWS_REGION or AWS_DEFAULT_REGION, as the credentials do
# from their usual places, so that the same files go to every environment.
provider "aws" {
  default_tags {
    tags = local.tags
  }
}
