# single-host: an application, its database and nginx on one machine. The machine is thrown
# away with its image; its address and its data volume are not. What others need too is in
# ../../modules.

locals {
  name = "single-host-${var.environment}"

  tags = merge(var.tags, {
    Project     = var.project
    Stack       = "single-host"
    Environment = var.environment
  })
}

data "aws_region" "current" {}
