variable "project" {
  description = "Value of the tag Project on every resource."
  type        = string
  default     = "amiable"
}

variable "environment" {
  description = "Where this deployment is for, such as staging or prod; part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9]+)*$", var.environment)) && length(var.environment) <= 16
    error_message = "The environment must have up to 16 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "tags" {
  description = "Further tags for every resource."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !can(regex("^(?i:aws:|name$|project$|stack$|environment$)", key))])
    error_message = "The tags must not be called Name, Project, Stack or Environment, which are set here, nor begin with aws:, which AWS keeps for itself."
  }
}

variable "mysql_password" {
  description = "Password of the application's account in the database: one line."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.mysql_password) >= 8 && !can(regex("[\r\n]", var.mysql_password))
    error_message = "The mysql_password must be one line of 8 characters or more."
  }
}

variable "secret_key_base" {
  description = "What the application signs with: one line."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.secret_key_base) >= 16 && !can(regex("[\r\n]", var.secret_key_base))
    error_message = "The secret_key_base must be one line of 16 characters or more."
  }
}

variable "recovery_window_in_days" {
  description = "Days in which the deleted secrets can be restored in Secrets Manager: 7 to 30, or 0 to delete them for good at once."
  type        = number
  default     = 30
}
