variable "name" {
  description = "First part of the names of role and profile; a unique ending is added."
  type        = string

  validation {
    # A role's name prefix may have 38 characters in providers from 4 on.
    condition     = can(regex("^[a-zA-Z0-9](-?[a-zA-Z0-9]+)*$", var.name)) && length(var.name) <= 37
    error_message = "The name must have up to 37 letters, digits and single hyphens, none of them at an end."
  }
}

variable "description" {
  description = "What the instances are, shown beside the role in AWS."
  type        = string
}

variable "policies" {
  description = "What the instances may do: name of the policy => policy as JSON."
  type        = map(string)

  validation {
    condition     = alltrue([for policy in values(var.policies) : can(jsondecode(policy).Statement)])
    error_message = "Each of policies must be an IAM policy as JSON."
  }
}

variable "session_manager" {
  description = "Whether those whom IAM allows it may open a shell on the instances by Session Manager."
  type        = bool
  default     = true
}
