data "aws_availability_zones" "available" {
  state = "available"

  # Leaves out local and wavelength zones, which have neither RDS nor a load balancer.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(var.availability_zones) > 0 || length(self.names) >= 2
      error_message = "This region offers fewer than two availability zones to this account, and a load balancer needs two."
    }
  }
}

locals {
  availability_zones = length(var.availability_zones) > 0 ? var.availability_zones : slice(
    data.aws_availability_zones.available.names, 0, min(2, length(data.aws_availability_zones.available.names))
  )

  # The range is cut into sixteen: the lower half is for public subnets, the upper one
  # for private ones.
  public_subnets  = { for index, zone in local.availability_zones : zone => cidrsubnet(var.vpc_cidr, 4, index) }
  private_subnets = { for index, zone in local.availability_zones : zone => cidrsubnet(var.vpc_cidr, 4, 8 + index) }
}

module "network" {
  source = "../../modules/network"

  name            = local.name
  cidr_block      = var.vpc_cidr
  public_subnets  = local.public_subnets
  private_subnets = local.private_subnets

  # RDS has nobody to call; our own machine calls Secrets Manager and Session Manager.
  nat_gateway = local.own_database
}

module "load_balancer" {
  source = "../../modules/load-balancer"

  name                     = local.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client_cidrs             = var.client_cidrs
  target_security_group_id = aws_security_group.web.id
  health_check_path        = "/healthz"
}
