variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to a /24."
  type        = string
  default     = "10.60.0.0/20"

  validation {
    # An eighth of it is a subnet, and a load balancer wants /27 or more.
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr))
    error_message = "The vpc_cidr must be an IPv4 range from /16 to /24, for example 10.60.0.0/20."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "The vpc_cidr must begin at its own first address: 10.60.0.0/20, not 10.60.0.5/20."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets, each with a public and a private one. Empty means the region's first two."
  type        = list(string)
  default     = []

  validation {
    condition = (
      length(var.availability_zones) != 1 && length(var.availability_zones) <= 4 &&
      length(distinct(var.availability_zones)) == length(var.availability_zones)
    )
    error_message = "The availability_zones must be two to four, and differ from each other."
  }
}

variable "client_cidrs" {
  description = "IPv4 ranges that may use the application, port 80."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}

variable "delete_timeout" {
  description = "How long a destroy waits for what AWS still holds on to: the service's tasks and their network interfaces. For example 20m."
  type        = string
  default     = "20m"

  validation {
    condition     = can(regex("^[1-9][0-9]*(s|m|h)$", var.delete_timeout))
    error_message = "The delete_timeout must be a time such as 90s, 20m or 1h."
  }
}
