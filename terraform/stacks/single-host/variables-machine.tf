variable "ami_id" {
  description = "Image of the machine."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.ami_id))
    error_message = "The ami_id must be the id of an image: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "instance_type" {
  description = "Type of the machine."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type))
    error_message = "The instance_type must look like t3.small."
  }
}

variable "instance_name" {
  description = "Name of the machine; null means single-host-ENVIRONMENT-host."
  type        = string
  default     = null
}

variable "key_name" {
  description = "EC2 key pair whose holders release, roll back and restore, over SSH or over Session Manager. Null: nobody does."
  type        = string
  default     = null
}

variable "root_volume_size" {
  description = "GiB of the root volume, no less than the image has. The releases' images are on it."
  type        = number
  default     = 20

  validation {
    condition     = var.root_volume_size >= 10 && var.root_volume_size <= 16384 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "The root_volume_size must be a whole number of GiB from 10 to 16384."
  }
}

variable "database_name" {
  description = "Database of the application, handed to it as MYSQL_DATABASE. Its account may make it, and reaches no other."
  type        = string
  default     = "app"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name)) && !contains(["mysql", "sys", "information_schema", "performance_schema"], var.database_name)
    error_message = "The database_name must have up to 63 lower-case letters, digits and underscores, begin with a letter, and be none of MariaDB's own."
  }
}

variable "data_volume_size" {
  description = "GiB of the volume with the database and its copies. It can grow, never shrink."
  type        = number
  default     = 20

  validation {
    condition     = var.data_volume_size >= 1 && var.data_volume_size <= 16384 && floor(var.data_volume_size) == var.data_volume_size
    error_message = "The data_volume_size must be a whole number of GiB from 1 to 16384."
  }
}

variable "data_snapshot_id" {
  description = "Snapshot to make the data volume from. Another value replaces the volume and what is on it: this is how a nightly copy is restored."
  type        = string
  default     = null

  validation {
    condition     = var.data_snapshot_id == null ? true : can(regex("^snap-([0-9a-f]{8}|[0-9a-f]{17})$", var.data_snapshot_id))
    error_message = "The data_snapshot_id must be the id of a snapshot: snap- and 8 or 17 hexadecimal digits."
  }
}

variable "nightly_snapshots" {
  description = "Whether the data volume is copied each night."
  type        = bool
  default     = true
}

variable "snapshot_time" {
  description = "When the nightly copy begins, in UTC, such as 03:00."
  type        = string
  default     = "03:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.snapshot_time))
    error_message = "The snapshot_time must be a time of the day in UTC, such as 03:00."
  }
}

variable "snapshots_kept" {
  description = "How many nightly copies are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.snapshots_kept >= 1 && var.snapshots_kept <= 1000 && floor(var.snapshots_kept) == var.snapshots_kept
    error_message = "The snapshots_kept must be a whole number from 1 to 1000."
  }
}
