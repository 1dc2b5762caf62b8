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
