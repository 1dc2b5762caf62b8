data "aws_availability_zones" "available" {
  state = "available"

  # Leaves out local and wavelength zones.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  availability_zone = coalesce(var.availability_zone, data.aws_availability_zones.available.names[0])
}

module "network" {
  source = "../../modules/network"

  name           = local.name
  cidr_block     = var.vpc_cidr
  public_subnets = { (local.availability_zone) = cidrsubnet(var.vpc_cidr, 4, 0) }
}

# The address stays when the machine is replaced.
resource "aws_eip" "host" {
  tags = { Name = local.name }

  # The network's way out is there before the address, and goes after it.
  depends_on = [module.network]
}

resource "aws_eip_association" "host" {
  allocation_id = aws_eip.host.id
  instance_id   = aws_instance.host.id
}
