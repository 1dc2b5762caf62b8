# A container on Fargate behind a load balancer, and the pipeline that tests, builds and
# deploys it. Only what is this stack's own is here; what others need too is in ../../modules.

locals {
  name = "fargate-${var.environment}"

  tags = merge(var.tags, {
    Project     = var.project
    Stack       = "fargate"
    Environment = var.environment
  })

  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id
  blue_green = var.deployment == "blue-green"
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}
