variable "name" {
  description = "First part of the secret's name; a unique ending is added."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9/_+=.@-]{1,200}$", var.name))
    error_message = "The name may have up to 200 letters, digits and the characters / _ + = . @ -."
  }
}

variable "description" {
  description = "What the secret is for, shown beside it in AWS."
  type        = string
}

variable "value" {
  description = "The secret itself, stored as it is."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.value) > 0
    error_message = "The value of a secret must not be empty."
  }
}

variable "recovery_window_in_days" {
  description = "Days in which a deleted secret can be restored: 7 to 30, or 0 to delete it for good at once."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_in_days == 0 || (var.recovery_window_in_days >= 7 && var.recovery_window_in_days <= 30)
    error_message = "The recovery_window_in_days must be 0 or from 7 to 30."
  }
}
