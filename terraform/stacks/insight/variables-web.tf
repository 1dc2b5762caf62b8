variable "httpd_ami_id" {
  description = "Image of the web servers."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.httpd_ami_id))
    error_message = "The httpd_ami_id must be the id of an image: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "web_instance_type" {
  description = "Type of the web servers."
  type        = string
  default     = "t3.micro"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.web_instance_type))
    error_message = "The web_instance_type must look like t3.micro."
  }
}

variable "root_volume_size" {
  description = "GiB of each machine's root volume, no less than the images have."
  type        = number
  default     = 10

  validation {
    condition     = var.root_volume_size >= 8 && var.root_volume_size <= 16384 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "The root_volume_size must be a whole number of GiB from 8 to 16384."
  }
}

variable "min_size" {
  description = "Least number of web servers."
  type        = number
  default     = 2

  validation {
    condition     = var.min_size >= 0 && floor(var.min_size) == var.min_size
    error_message = "The min_size must be a whole number, 0 or more."
  }
}

variable "max_size" {
  description = "Greatest number of web servers."
  type        = number
  default     = 4

  validation {
    condition     = var.max_size >= 1 && floor(var.max_size) == var.max_size
    error_message = "The max_size must be a whole number, 1 or more."
  }
}

variable "desired_capacity" {
  description = "Number of web servers to run; null means min_size."
  type        = number
  default     = null

  validation {
    condition     = var.desired_capacity == null ? true : var.desired_capacity >= 0 && floor(var.desired_capacity) == var.desired_capacity
    error_message = "The desired_capacity must be a whole number, 0 or more, or null."
  }
}

variable "healthy_timeout" {
  description = "Longest wait for healthy web servers, for example 15m. After it the apply fails and the old ones stay."
  type        = string
  default     = "15m"

  validation {
    condition     = can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", var.healthy_timeout)) && var.healthy_timeout != ""
    error_message = "The healthy_timeout must be a duration such as 90s, 15m or 1h30m."
  }
}
