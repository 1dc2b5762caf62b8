variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to a /25."
  type        = string
  default     = "172.28.10.0/24"

  validation {
    # An eighth of it is a subnet, and AWS has none smaller than /28.
    condition     = can(cidrnetmask(var.vpc_cidr)) && can(regex("/(1[6-9]|2[0-5])$", var.vpc_cidr))
    error_message = "The vpc_cidr must be an IPv4 range from /16 to /25, for example 172.28.10.0/24."
  }

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "The vpc_cidr must begin at its own first address: 172.28.10.0/24, not 172.28.10.5/24."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets, each with a public and a private one. Empty means the region's first: one for a single manager, three for several."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.availability_zones) <= 4 && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "The availability_zones must be up to four, and differ from each other."
  }
}

variable "client_cidrs" {
  description = "IPv4 ranges that may open the web service, port 80."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}

variable "visualizer_cidrs" {
  description = "IPv4 ranges that may open the visualizer, port 8080. It asks for no password and has the managers' Docker socket, so nobody may unless named here; Session Manager forwards the port."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.visualizer_cidrs : can(cidrnetmask(range)) && !endswith(range, "/0")])
    error_message = "The visualizer_cidrs must be IPv4 ranges, and not the whole internet, for example [\"203.0.113.0/24\"]."
  }
}

variable "delete_timeout" {
  description = "How long a destroy waits for what AWS still holds on to: the network interfaces of instances that are gone. For example 20m."
  type        = string
  default     = "20m"

  validation {
    condition     = can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", var.delete_timeout)) && var.delete_timeout != ""
    error_message = "The delete_timeout must be a duration such as 90s, 20m or 1h30m."
  }
}
