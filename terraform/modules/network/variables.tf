variable "name" {
  description = "Name of the VPC and first part of the names of what is in it."
  type        = string
}

variable "cidr_block" {
  description = "IPv4 range of the VPC, a /16 to a /28."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && can(regex("/(1[6-9]|2[0-8])$", var.cidr_block))
    error_message = "The cidr_block must be an IPv4 range from /16 to /28, for example 10.20.0.0/16."
  }
}

variable "public_subnets" {
  description = "IPv4 range of the public subnet in each zone: zone name => range."
  type        = map(string)

  validation {
    condition     = length(var.public_subnets) > 0
    error_message = "The network needs at least one public subnet."
  }

  validation {
    condition     = alltrue([for range in values(var.public_subnets) : can(cidrnetmask(range))])
    error_message = "Each of public_subnets must be an IPv4 range, for example { us-east-1a = \"10.20.0.0/20\" }."
  }
}

variable "private_subnets" {
  description = "IPv4 range of the private subnet in each zone: zone name => range. They have no way to or from the internet unless nat_gateway is set."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for range in values(var.private_subnets) : can(cidrnetmask(range))])
    error_message = "Each of private_subnets must be an IPv4 range, for example { us-east-1a = \"10.20.128.0/20\" }."
  }
}

variable "nat_gateway" {
  description = "Whether the private subnets reach the internet, outbound only, through a NAT gateway."
  type        = bool
  default     = false
}
