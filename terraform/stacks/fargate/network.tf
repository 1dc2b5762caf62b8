data "aws_availability_zones" "available" {
  state = "available"

  # Leaves out local and wavelength zones.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(var.availability_zones) > 0 || length(self.names) >= 2
      error_message = "This region offers fewer than two availability zones to this account, and the load balancer needs two; name the zones in availability_zones."
    }
  }
}

locals {
  availability_zones = length(var.availability_zones) > 0 ? var.availability_zones : slice(
    data.aws_availability_zones.available.names, 0, min(2, length(data.aws_availability_zones.available.names))
  )

  # The range is cut into eight: the lower half is for public subnets, the upper one for
  # private ones.
  public_subnets  = { for index, zone in local.availability_zones : zone => cidrsubnet(var.vpc_cidr, 3, index) }
  private_subnets = { for index, zone in local.availability_zones : zone => cidrsubnet(var.vpc_cidr, 3, 4 + index) }
}

module "network" {
  source = "../../modules/network"

  name            = local.name
  cidr_block      = var.vpc_cidr
  public_subnets  = local.public_subnets
  private_subnets = local.private_subnets

  # Tasks fetch their image and write their log through it.
  nat_gateway = true
}

module "load_balancer" {
  source = "../../modules/load-balancer"

  name                     = local.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client_cidrs             = var.client_cidrs
  target_port              = local.port
  target_type              = "ip"
  target_security_group_id = aws_security_group.tasks.id
  health_check_path        = "/healthz"
  blue_green               = local.blue_green
}
