variable "ami_id" {
  description = "Image of managers and workers."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.ami_id))
    error_message = "The ami_id must be the id of an image: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "manager_count" {
  description = "Number of managers: 1, 3 or 5. Three go on working when one fails, five when two do."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 3, 5], var.manager_count)
    error_message = "The manager_count must be 1, 3 or 5: an even number survives no more failures than the odd one below it."
  }
}

variable "worker_count" {
  description = "Number of workers."
  type        = number
  default     = 4

  validation {
    condition     = var.worker_count >= 1 && var.worker_count <= 100 && floor(var.worker_count) == var.worker_count
    error_message = "The worker_count must be a whole number from 1 to 100: the web service runs on workers only."
  }
}

variable "manager_instance_type" {
  description = "Type of the managers' instances."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.manager_instance_type))
    error_message = "The manager_instance_type must look like t3.small."
  }
}

variable "worker_instance_type" {
  description = "Type of the workers' instances."
  type        = string
  default     = "t3.micro"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.worker_instance_type))
    error_message = "The worker_instance_type must look like t3.micro."
  }
}

variable "root_device_name" {
  description = "Name under which the image expects its root volume; with another name a worker would get a second volume, and its root would stay unencrypted."
  type        = string
  default     = "/dev/sda1"

  validation {
    condition     = startswith(var.root_device_name, "/dev/")
    error_message = "The root_device_name must begin with /dev/, for example /dev/sda1."
  }
}

variable "root_volume_size" {
  description = "GiB of each node's root volume, no less than the image has."
  type        = number
  default     = 16

  validation {
    condition     = var.root_volume_size >= 8 && var.root_volume_size <= 16384 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "The root_volume_size must be a whole number of GiB from 8 to 16384."
  }
}

variable "capacity_timeout" {
  description = "Longest wait for the workers to run, for example 10m."
  type        = string
  default     = "10m"

  validation {
    condition     = can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", var.capacity_timeout)) && var.capacity_timeout != ""
    error_message = "The capacity_timeout must be a duration such as 90s, 10m or 1h30m."
  }
}

variable "recovery_window_in_days" {
  description = "Days in which a deleted join secret can be restored in Secrets Manager: 7 to 30, or 0 to delete it for good at once. Its token is worth nothing without the swarm."
  type        = number
  default     = 0

  validation {
    condition     = var.recovery_window_in_days == 0 || (var.recovery_window_in_days >= 7 && var.recovery_window_in_days <= 30)
    error_message = "The recovery_window_in_days must be 0 or from 7 to 30."
  }
}
