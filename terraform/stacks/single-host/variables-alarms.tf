variable "alarms" {
  description = "Whether the machine publishes its measurements, and alarms watch them."
  type        = bool
  default     = true
}

variable "alarm_email" {
  description = "Address that alarms are sent to. Null: they are seen in CloudWatch, and whoever subscribes to alarm_topic_arn gets them."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null ? true : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))
    error_message = "The alarm_email must be an address such as operators@example.org."
  }
}

variable "cpu_alarm_percent" {
  description = "Use of the processor, in percent over ten minutes, from which on somebody is called."
  type        = number
  default     = 90

  validation {
    condition     = var.cpu_alarm_percent > 0 && var.cpu_alarm_percent < 100
    error_message = "The cpu_alarm_percent must be between 0 and 100."
  }
}

variable "memory_alarm_percent" {
  description = "Use of the memory, in percent over ten minutes, from which on somebody is called."
  type        = number
  default     = 90

  validation {
    condition     = var.memory_alarm_percent > 0 && var.memory_alarm_percent < 100
    error_message = "The memory_alarm_percent must be between 0 and 100."
  }
}

variable "disk_alarm_percent" {
  description = "Use of the root and of the data volume, in percent over ten minutes, from which on somebody is called."
  type        = number
  default     = 85

  validation {
    condition     = var.disk_alarm_percent > 0 && var.disk_alarm_percent < 100
    error_message = "The disk_alarm_percent must be between 0 and 100."
  }
}
