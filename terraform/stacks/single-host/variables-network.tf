variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to a /24. The first sixteenth of it is the machine's subnet."
  type        = string
  default     = "10.40.0.0/24"

  validation {
    # A subnet may not be smaller than /28.
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr))
    error_message = "The vpc_cidr must be an IPv4 range from /16 to /24, for example 10.40.0.0/24."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "The vpc_cidr must begin at its own first address: 10.40.0.0/24, not 10.40.0.5/24."
  }
}

variable "availability_zone" {
  description = "Zone of the machine and its data volume. Null means the first that the region offers; name it where it must never move."
  type        = string
  default     = null
}

variable "client_cidrs" {
  description = "IPv4 ranges that may open the application."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}

variable "ssh_cidrs" {
  description = "IPv4 ranges that may use SSH. None by default: releases go through Session Manager then, which needs no open port."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.ssh_cidrs : can(cidrnetmask(range))])
    error_message = "Each of ssh_cidrs must be an IPv4 range, for example [\"203.0.113.0/24\"]."
  }

  validation {
    condition     = !contains([for range in var.ssh_cidrs : try(tonumber(split("/", range)[1]), 32)], 0)
    error_message = "The ssh_cidrs must not open SSH to the whole internet."
  }
}
