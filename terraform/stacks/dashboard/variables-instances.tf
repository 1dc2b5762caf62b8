variable "ami_id" {
  description = "Image of the instances."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.ami_id))
    error_message = "The ami_id must be the id of an image: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "instance_type" {
  description = "Type of the instances."
  type        = string
  default     = "t3.micro"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type))
    error_message = "The instance_type must look like t3.micro."
  }
}

variable "root_device_name" {
  description = "Name under which the image expects its root volume; with another name an instance would get a second volume, and its root would stay unencrypted."
  type        = string
  default     = "/dev/xvda"

  validation {
    condition     = startswith(var.root_device_name, "/dev/")
    error_message = "The root_device_name must begin with /dev/, for example /dev/xvda."
  }
}

variable "root_volume_size" {
  description = "GiB of the root volume, no less than the image has."
  type        = number
  default     = 20

  validation {
    condition     = var.root_volume_size >= 8 && var.root_volume_size <= 16384 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "The root_volume_size must be a whole number of GiB from 8 to 16384."
  }
}

variable "min_size" {
  description = "Least number of instances."
  type        = number
  default     = 2

  validation {
    condition     = var.min_size >= 0 && floor(var.min_size) == var.min_size
    error_message = "The min_size must be a whole number, 0 or more."
  }
}

variable "max_size" {
  description = "Greatest number of instances."
  type        = number
  default     = 6

  validation {
    condition     = var.max_size >= 1 && floor(var.max_size) == var.max_size
    error_message = "The max_size must be a whole number, 1 or more."
  }
}

variable "desired_capacity" {
  description = "Number of instances to run; null means min_size."
  type        = number
  default     = null

  validation {
    condition     = var.desired_capacity == null ? true : var.desired_capacity >= 0 && floor(var.desired_capacity) == var.desired_capacity
    error_message = "The desired_capacity must be a whole number, 0 or more, or null."
  }
}

variable "healthy_before_switch" {
  description = "Number of new instances that the load balancer must find healthy before the old ones go; null means all, 0 does not wait."
  type        = number
  default     = null

  validation {
    condition     = var.healthy_before_switch == null ? true : var.healthy_before_switch >= 0 && floor(var.healthy_before_switch) == var.healthy_before_switch
    error_message = "The healthy_before_switch must be a whole number, 0 or more, or null."
  }
}

variable "healthy_timeout" {
  description = "Longest wait for healthy instances, for example 15m. After it the apply fails and the old instances stay."
  type        = string
  default     = "15m"

  validation {
    condition     = can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", var.healthy_timeout)) && var.healthy_timeout != ""
    error_message = "The healthy_timeout must be a duration such as 90s, 15m or 1h30m."
  }
}

variable "health_check_grace_period" {
  description = "Seconds after its start for which an unhealthy instance is left alone."
  type        = number
  default     = 300

  validation {
    condition     = var.health_check_grace_period >= 0
    error_message = "The health_check_grace_period must be 0 seconds or more."
  }
}

variable "app_repository" {
  description = "Git repository from which the instances update their application; empty keeps them to what their image holds."
  type        = string
  default     = ""

  validation {
    # User data is no place for a token: whoever may describe an instance can read it.
    condition     = can(regex("^$|^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/+%-]+$", var.app_repository))
    error_message = "The app_repository must be empty or an https address without user, password or token."
  }
}

variable "app_branch" {
  description = "Branch of the application's repository that the instances follow."
  type        = string
  default     = "master"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._/+-]*$", var.app_branch))
    error_message = "The app_branch must be the name of a branch, such as master or release/2."
  }
}
