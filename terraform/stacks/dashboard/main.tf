# The dashboard: instances of one image behind a load balancer, with PostgreSQL.
# Only what is this stack's own is here; what others need too is in ../../modules.

locals {
  name = "dashboard-${var.environment}"

  tags = merge(var.tags, {
    Project     = var.project
    Stack       = "dashboard"
    Environment = var.environment
  })
}

data "aws_region" "current" {}
