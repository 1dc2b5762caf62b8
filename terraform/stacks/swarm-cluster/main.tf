# The swarm cluster: managers in public subnets, workers in private ones, all of one image.
# Only what is this stack's own is here; what others need too is in ../../modules.

locals {
  name = "swarm-${var.environment}"

  tags = merge(var.tags, {
    Project     = var.project
    Stack       = "swarm-cluster"
    Environment = var.environment
  })
}

data "aws_region" "current" {}
