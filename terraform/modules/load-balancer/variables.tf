variable "name" {
  description = "Name of the load balancer."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-?[a-zA-Z0-9]+){4,}$", var.name)) && length(var.name) <= 32
    error_message = "The name must have 5 to 32 letters, digits and single hyphens, none of them at an end."
  }
}

variable "vpc_id" {
  description = "VPC in which the load balancer and its targets are."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets of the load balancer, in two or more zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "A load balancer needs subnets in at least two zones."
  }
}

variable "client_cidrs" {
  description = "IPv4 ranges that may send requests."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "The client_cidrs must be one or more IPv4 ranges, for example [\"203.0.113.0/24\"]."
  }
}

variable "target_port" {
  description = "Port on which the targets answer HTTP."
  type        = number
  default     = 80

  validation {
    condition     = var.target_port >= 1 && var.target_port <= 65535 && floor(var.target_port) == var.target_port
    error_message = "The target_port must be a whole number from 1 to 65535."
  }
}

variable "target_type" {
  description = "What is registered as a target: instance or ip."
  type        = string
  default     = "instance"

  validation {
    condition     = contains(["instance", "ip"], var.target_type)
    error_message = "The target_type must be instance or ip."
  }
}

variable "target_security_group_id" {
  description = "Security group of the targets, the only place to which the load balancer may connect."
  type        = string
}

variable "health_check_path" {
  description = "Path that a healthy target answers with status 200."
  type        = string

  validation {
    condition     = startswith(var.health_check_path, "/")
    error_message = "The health_check_path must begin with a slash."
  }
}

variable "deregistration_delay" {
  description = "Seconds that a target which leaves has to finish its requests."
  type        = number
  default     = 30

  validation {
    condition     = var.deregistration_delay >= 0 && var.deregistration_delay <= 3600
    error_message = "The deregistration_delay must be from 0 to 3600 seconds."
  }
}

variable "blue_green" {
  description = "Whether there is a second target group, and CodeDeploy says which of the two is served."
  type        = bool
  default     = false
}
