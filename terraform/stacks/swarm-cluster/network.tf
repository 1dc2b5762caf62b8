data "aws_availability_zones" "available" {
  state = "available"

  # Leaves out local and wavelength zones.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(var.availability_zones) > 0 || length(self.names) >= local.zone_count
      error_message = "This region offers fewer availability zones to this account than the managers are spread over; name the zones in availability_zones."
    }
  }
}

locals {
  # A zone that fails must not take the majority of the managers with it.
  zone_count = min(var.manager_count, 3)

  availability_zones = length(var.availability_zones) > 0 ? var.availability_zones : slice(
    data.aws_availability_zones.available.names, 0, min(local.zone_count, length(data.aws_availability_zones.available.names))
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

  # Workers fetch images and read their secret through it.
  nat_gateway = true
}
