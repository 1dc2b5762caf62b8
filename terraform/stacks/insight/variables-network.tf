variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to a /23."
  type        = string
  default     = "10.30.0.0/16"

  validation {
    # A load balancer's subnet may not be smaller than /27.
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-3])$", var.vpc_cidr))
    error_message = "The vpc_cidr must be an IPv4 range from /16 to /23, for example 10.30.0.0/16."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "The vpc_cidr must begin at its own first address: 10.30.0.0/16, not 10.30.1.5/16."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets; the database's volume is in the first. Empty means the first two that the region offers; name them where they must never move."
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
  description = "IPv4 ranges that may open the application."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}

variable "ssh_cidrs" {
  description = "IPv4 ranges that may use SSH. None by default: Session Manager needs no open port."
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

variable "ssh_key_name" {
  description = "EC2 key pair for SSH; without one, and without ssh_cidrs, SSH is closed."
  type        = string
  default     = null
}
