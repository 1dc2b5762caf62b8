# insight: web servers of one image behind a load balancer, PostgreSQL on an image of its
# own or on RDS, and Consul between them. What others need too is in ../../modules.

locals {
  name = "insight-${var.environment}"

  # PostgreSQL on our own image, with its volume and with Consul to find it.
  own_database = var.database == "own"

  tags = merge(var.tags, {
    Project     = var.project
    Stack       = "insight"
    Environment = var.environment
  })
}

data "aws_region" "current" {}
