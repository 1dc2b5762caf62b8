variable "cpu" {
  description = "CPU units of a task; 1024 are one virtual CPU."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "The cpu must be 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  description = "Memory of a task in MiB: two to eight times its CPU units."
  type        = number
  default     = 512

  validation {
    condition     = var.memory == 512 || (var.memory >= 1024 && var.memory <= 30720 && var.memory % 1024 == 0)
    error_message = "The memory must be 512, or a multiple of 1024 up to 30720."
  }
}

variable "min_tasks" {
  description = "Tasks that run at least."
  type        = number
  default     = 2

  validation {
    condition     = var.min_tasks >= 1 && floor(var.min_tasks) == var.min_tasks
    error_message = "The min_tasks must be a whole number from 1."
  }
}

variable "max_tasks" {
  description = "Tasks that run at most."
  type        = number
  default     = 6

  validation {
    condition     = var.max_tasks >= 1 && floor(var.max_tasks) == var.max_tasks
    error_message = "The max_tasks must be a whole number from 1."
  }
}

variable "cpu_target" {
  description = "Average CPU use in percent that the number of tasks follows."
  type        = number
  default     = 60

  validation {
    condition     = var.cpu_target >= 10 && var.cpu_target <= 90
    error_message = "The cpu_target must be from 10 to 90 percent."
  }
}

variable "deployment" {
  description = "How a new version takes over: rolling, by ECS with circuit breaker and rollback, or blue-green, by CodeDeploy. Changing it replaces the service."
  type        = string
  default     = "rolling"

  validation {
    condition     = contains(["rolling", "blue-green"], var.deployment)
    error_message = "The deployment must be rolling or blue-green."
  }
}

variable "blue_minutes" {
  description = "Minutes that the version before stays ready after a blue-green deployment, for a rollback at once."
  type        = number
  default     = 5

  validation {
    condition     = var.blue_minutes >= 0 && var.blue_minutes <= 2880 && floor(var.blue_minutes) == var.blue_minutes
    error_message = "The blue_minutes must be a whole number from 0 to 2880."
  }
}

variable "container_insights" {
  description = "Whether CloudWatch collects metrics of each task, which it charges for."
  type        = bool
  default     = false
}

variable "log_retention_in_days" {
  description = "Days that logs of the application and of the pipeline are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_in_days)
    error_message = "The log_retention_in_days must be a number that CloudWatch Logs offers, for example 14, 30 or 90."
  }
}

variable "alarm_email" {
  description = "Address that alarms and failed pipelines are sent to, once it has confirmed; none when empty."
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "The alarm_email must be an address, for example team@example.com, or empty."
  }
}
