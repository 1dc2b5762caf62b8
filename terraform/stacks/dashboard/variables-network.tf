variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to a /23."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    # A load balancer's subnet may not be smaller than /27.
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-3])$", var.vpc_cidr))
    error_message = "The vpc_cidr must be an IPv4 range from /16 to /23, for example 10.20.0.0/16."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "The vpc_cidr must begin at its own first address: 10.20.0.0/16, not 10.20.1.5/16."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets. Empty means the first three that the region offers; name them where the zones must never move, or where a zone lacks the instance type."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.availability_zones) == 0 || (length(var.availability_zones) >= 2 && length(var.availability_zones) <= 6)
    error_message = "The availability_zones must be empty, or two to six zones."
  }

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "The availability_zones must differ from each other."
  }
}

variable "client_cidrs" {
  description = "IPv4 ranges that may open the dashboard."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}
